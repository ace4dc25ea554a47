#include "configs/bind_export.h"

namespace arcsat {

void Bind(Options& options, ExportOptions* fields) {
  options.Add("model", &fields->model, "run folder or model folder")
      .Add("out", &fields->out, "folder of the bundle; an older bundle there is replaced")
      .Add(
          "data", &fields->data,
          "file of conversations: some of them, with their words, go into the bundle's golden file "
          "beside the written ones")
      .Add("golden", &fields->golden, "how many of them", Between(0, 200))
      .Add("python", &fields->python,
           "Python with onnx, onnxruntime and tokenizers, which checks the bundle; or the "
           "environment's ARCSAT_PYTHON");
}

}  // namespace arcsat
