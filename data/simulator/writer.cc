#include "data/simulator/writer.h"

#include <array>

#include "data/error.h"
#include "data/simulator/phrases.h"
#include "fmt/format.h"

namespace arcsat {
namespace {

constexpr std::array<std::string_view, 40> kNames = {
    "Anna",  "José",   "Priya", "Tom",    "Zoë",   "Mehmet", "Laura",  "Kwame", "Ingrid", "Sean",
    "Marta", "Chen",   "Aoife", "David",  "Fatou", "Björn",  "Elena",  "Raj",   "Nadia",  "Peter",
    "Sofia", "Liam",   "Yuki",  "Omar",   "Chloé", "Piotr",  "Hannah", "Diego", "Amira",  "Jack",
    "Ines",  "Viktor", "Grace", "Tomasz", "Leila", "Ben",    "Rosa",   "Ahmed", "Kate",   "Noah"};
constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

std::string Spaced(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c == '_') c = ' ';
  }
  return out;
}

/// "my bill" said by the other side.
std::string Yours(std::string_view thing) {
  if (thing.substr(0, 3) == "my ") return "your " + std::string(thing.substr(3));
  return std::string(thing);
}

}  // namespace

std::string_view PersonName(std::uint64_t index) { return kNames[index % kNames.size()]; }

Writer::Writer(const ProblemType& problem, const ProblemType& other, std::string_view agent,
               Random* random)
    : problem_(problem), other_(other), item_of_(&problem), random_(*random), agent_(agent) {
  customer_ = PersonName(random_.Next());
  const std::string_view sign = std::array<std::string_view, 3>{"$", "£", "€"}[random_.Below(3)];
  // One draw a statement: the order in which arguments are evaluated differs between compilers.
  const bool round_sum = random_.Chance(0.5);
  const std::uint64_t whole = 5 + random_.Below(round_sum ? 295 : 95);
  const std::uint64_t cents = random_.Below(20) * 5;
  amount_ =
      round_sum ? fmt::format("{}{}", sign, whole) : fmt::format("{}{}.{:02}", sign, whole, cents);
  const std::uint64_t day = 1 + random_.Below(28);
  date_ = fmt::format("{} {}", day, kMonths[random_.Below(12)]);
  const bool digits = random_.Chance(0.5);
  const std::uint64_t number = random_.Below(10'000'000);
  const auto letter = static_cast<char>('A' + random_.Below(26));
  id_ = digits ? fmt::format("{:07}", number) : fmt::format("{}-{:04}", letter, number % 10'000);
  item_ = Any(problem_.items);
  other_item_ = Any(other_.items);
}

void Writer::SetAgent(std::string_view agent) { agent_ = agent; }

std::string Writer::Say(Act act) { return Fill(Any(Phrases(act))); }

std::string_view Writer::Any(const std::vector<std::string_view>& list) {
  return list[random_.Below(list.size())];
}

std::string Writer::FillFor(const ProblemType& problem, std::string_view clause) {
  const ProblemType* before = item_of_;
  item_of_ = &problem;
  std::string text = Fill(clause);
  item_of_ = before;
  return text;
}

std::string Writer::Fill(std::string_view phrase) {
  std::string text;
  for (std::size_t at = 0; at < phrase.size();) {
    const std::size_t open = phrase.find('{', at);
    text += phrase.substr(at, open - at);
    if (open == std::string_view::npos) break;
    const std::size_t close = phrase.find('}', open);
    text += Slot(phrase.substr(open + 1, close - open - 1));
    at = close + 1;
  }
  return text;
}

std::string Writer::Slot(std::string_view name) {
  if (name == "open") return Fill(Any(problem_.openings));
  if (name == "works") return Fill(Any(problem_.works));
  if (name == "fails") return Fill(Any(problem_.fails));
  if (name == "action") return Fill(Any(problem_.actions));
  if (name == "other") return std::string(other_.thing);
  if (name == "other_you") return Yours(other_.thing);
  if (name == "other_works") return FillFor(other_, Any(other_.works));
  if (name == "other_fails") return FillFor(other_, Any(other_.fails));
  if (name == "thing") return std::string(problem_.thing);
  if (name == "thing_you") return Yours(problem_.thing);
  if (name == "label") return Spaced(problem_.name);
  if (name == "item") return item_of_ == &problem_ ? item_ : other_item_;
  if (name == "agent") return agent_;
  if (name == "name") return customer_;
  if (name == "amount") return amount_;
  if (name == "date") return date_;
  if (name == "id") return id_;
  if (name == "minutes") return fmt::format("{}", 10 + random_.Below(50));
  throw Error(Problem{"data/simulator: phrase tables", fmt::format("slot {{{}}}", name),
                      "one of the slots that Writer::Slot fills",
                      "correct the phrase, or add the slot there"});
}

}  // namespace arcsat
