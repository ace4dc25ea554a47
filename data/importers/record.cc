// arcsat's own records among files of other formats.
#include <utility>

#include "data/importers/document.h"

namespace arcsat {
namespace {

class Record : public DocumentFormat {
 public:
  std::string name() const override { return "record"; }
  std::string describe() const override { return "arcsat's own records, among other files"; }
  bool Matches(const Document& document, const ImportOptions&) const override {
    return document.json && document.json->is_object() && document.json->contains("id") &&
           document.json->contains("turns");
  }
  void Convert(const Document& document, const ImportOptions&, Collector* out) const override {
    out->Add(ParseConversation(DumpJson(*document.json, document.place), document.place));
  }
};

}  // namespace

const DocumentFormat& RecordFormat() {
  static const Record format;
  return format;
}

}  // namespace arcsat
