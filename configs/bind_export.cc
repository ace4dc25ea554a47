#include "configs/bind_export.h"

namespace arcsat {

void Bind(Options& options, ExportOptions* fields) {
  options.Add("model", &fields->model, "run folder or model folder")
      .Add("out", &fields->out, "folder of the bundle; an older bundle there is replaced")
      .Add("archive", &fields->archive,
           "file for the whole bundle as a .tar.gz too; equal bundles give equal bytes")
      .Add(
          "data", &fields->data,
          "file of conversations: some of them, with their words, go into the bundle's golden file "
          "beside the written ones")
      .Add("golden", &fields->golden, "how many of them", Between(0, 200))
      .Add("external-data", &fields->external_data,
           "weights in files of their own (model.onnx.data), as they are beyond 2 GB in any case")
      .Add("stream", &fields->stream,
           "also write turn_encoder.onnx and conversation_step.onnx, for conversations that go on: "
           "a new turn costs a turn")
      .Add("text", &fields->text,
           "also write model.text.onnx, which takes texts: its tokenizer is inside the graph, in "
           "operators of onnxruntime-extensions")
      .Add("int8", &fields->int8,
           "also write model.int8.onnx, measured on this file of conversations (the calibration "
           "side): it must decide as the fp32 model does, or nothing is published")
      .Add("fp16", &fields->fp16,
           "also write model.fp16.onnx, for GPUs, measured like it and on the same file")
      .Add("compared", &fields->compared, "how many of them at most", Between(1, 1000000))
      .Add("moved-decisions", &fields->limits.moved_decisions,
           "share of them that may be on the other side of the threshold", Between(0.0, 1.0))
      .Add("auc-loss", &fields->limits.auc_loss, "how far the ROC-AUC on their answers may fall",
           Between(0.0, 1.0))
      .Add("python", &fields->python,
           "Python with onnx, onnxruntime and tokenizers, which checks the bundle; or the "
           "environment's ARCSAT_PYTHON");
}

}  // namespace arcsat
