/// JSON scenarios: the properties of scenarios, and agreement with nlohmann::json on what is JSON.
#include <nlohmann/json.hpp>

#include "sim/scenario/document.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/scenario_properties.hpp"

namespace fleetcache::fuzz {

namespace {

/// True when nlohmann::json refuses only the size of a number: ours is refused with its key, later.
bool overflows(std::string_view input) {
  try {
    return nlohmann::json::parse(input, nullptr, true, true).is_discarded();
  } catch (const nlohmann::json::out_of_range& e) {
    return e.id == 406;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

}  // namespace

std::string run(std::string_view input) {
  using scenario::Source;
  const auto source = std::make_shared<const Source>(Source{Source::Kind::kFile, "f.json", ""});
  const auto ours = scenario::read_json(input, source);
  const bool theirs = nlohmann::json::accept(input, true);
  if (ours && !theirs && !overflows(input)) return "read as JSON what nlohmann::json refuses";
  const auto stricter = [&] {
    const std::string& what = ours.error().what;
    // Rules of ours: keys are unique, nesting is bounded, comments are UTF-8 too.
    return what.rfind("duplicate key", 0) == 0 || what.rfind("nested deeper", 0) == 0 ||
           what.find("is not UTF-8") != std::string::npos;
  };
  // To nlohmann::json a NUL is the end of the input.
  const bool has_nul = input.find('\0') != std::string_view::npos;
  if (!ours && theirs && !has_nul && !stricter()) return "refused JSON: " + ours.error().text();
  return scenario_properties(input, "f.json");
}

std::vector<std::string> seeds() { return json_scenarios(); }
std::vector<std::string> words() { return scenario_words(); }

}  // namespace fleetcache::fuzz
