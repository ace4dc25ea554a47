#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "configs/nearest.h"
#include "configs/options.h"
#include "configs/text.h"
#include "data/error.h"

namespace arcsat {
namespace {

enum class Rule { kHash, kTime };

struct Settings {
  int epochs = 3;
  double rate = 2e-5;
  std::uint64_t seed = 7;
  bool average = false;
  std::string name = "base";
  std::vector<std::string> data;
  Rule rule = Rule::kHash;
};

class OptionsTest : public testing::Test {
 protected:
  OptionsTest() : options("train", "Trains a model.", "arcsat train --data a.jsonl") {
    options.Add("data", &settings.data, "conversations");
    options.Add("train.epochs", &settings.epochs, "passes over the data", AtLeast(1));
    options.Add("train.rate", &settings.rate, "learning rate", Between(-1.0, 1.0));
    options.Add("train.seed", &settings.seed, "seed");
    options.Add("train.average", &settings.average, "average the weights");
    options.Add("model.name", &settings.name, "name");
    options.AddChoice("split.rule", &settings.rule, "how to split",
                      {{"hash", Rule::kHash}, {"time", Rule::kTime}});
    folder = std::filesystem::temp_directory_path() /
             ("arcsat-options-" +
              std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(folder);
  }
  ~OptionsTest() override { std::filesystem::remove_all(folder); }

  std::string ConfigFile(const std::string& text) const {
    const std::string path = folder / "run.cfg";
    std::ofstream(path) << text;
    return path;
  }
  std::string Refusal(const std::vector<std::string>& arguments) {
    try {
      options.Parse(arguments);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  }

  Settings settings;
  Options options;
  std::filesystem::path folder;
};

TEST_F(OptionsTest, TakesValuesFromTheCommandLine) {
  ASSERT_TRUE(options.Parse({"--train.epochs", "5", "--train.rate=-0.25", "--train.average",
                             "--data", "a", "--data", "b", "--split.rule", "time"}));
  EXPECT_EQ(settings.epochs, 5);
  EXPECT_EQ(settings.rate, -0.25);
  EXPECT_TRUE(settings.average);
  EXPECT_EQ(settings.data, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(settings.rule, Rule::kTime);
  EXPECT_TRUE(options.Given("train.epochs"));
  EXPECT_FALSE(options.Given("train.seed"));
}

TEST_F(OptionsTest, TakesANegativeNumberAsAValueOfItsOwn) {
  ASSERT_TRUE(options.Parse({"--train.rate", "-1"}));
  EXPECT_EQ(settings.rate, -1.0);
}

TEST_F(OptionsTest, AFlagTakesTheNextWordOnlyWhenItIsTrueOrFalse) {
  std::vector<std::string> paths;
  options.Positional("PATH", &paths, "file", 1);
  ASSERT_TRUE(options.Parse({"--train.average", "a.jsonl"}));
  EXPECT_TRUE(settings.average);
  EXPECT_EQ(paths, std::vector<std::string>{"a.jsonl"});
  ASSERT_TRUE(options.Parse({"--train.average", "false"}));
  EXPECT_FALSE(settings.average);
}

TEST_F(OptionsTest, TheCommandLineGoesBeforeTheFile) {
  const std::string path = ConfigFile(
      "data = x  # the first\ndata = y\n[train]\nepochs = 9\naverage = yes\n[model]\n"
      "name = \" a # b \"  # quoted\n");
  ASSERT_TRUE(options.Parse({"--train.epochs", "4", "--config", path}));
  EXPECT_EQ(settings.epochs, 4);
  EXPECT_TRUE(settings.average);
  EXPECT_EQ(settings.data, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(settings.name, " a # b ");
  ASSERT_TRUE(options.Parse({"--config", path, "--data", "z"}));
  EXPECT_EQ(settings.data, std::vector<std::string>{"z"});
}

TEST_F(OptionsTest, AnUnknownKeyNamesTheNearest) {
  EXPECT_EQ(Refusal({"--train.epohcs", "5"}),
            "command line: the option \"--train.epohcs\" is unknown; the nearest known one is "
            "--train.epochs. To go on: see arcsat train --help");
  EXPECT_NE(Refusal({"--epochs=5"}).find("--train.epochs"), std::string::npos);
  EXPECT_NE(Refusal({"-x"}).find("the option \"-x\" is unknown"), std::string::npos);
  const std::string path = ConfigFile("# comment\n\n[train]\nsede = 1\n");
  EXPECT_NE(Refusal({"--config", path})
                .find("run.cfg:4: the key \"train.sede\" is unknown; the nearest known one is "
                      "train.seed"),
            std::string::npos);
}

TEST_F(OptionsTest, AValueOutOfRangeNamesTheKeyTheRangeAndThePlace) {
  EXPECT_EQ(Refusal({"--train.epochs", "0"}),
            "command line: train.epochs: found \"0\"; expected a whole number, 1 or more. To go "
            "on: see arcsat train --help");
  const std::string path = ConfigFile("[train]\nrate = 1.5\n");
  EXPECT_NE(Refusal({"--config", path})
                .find("run.cfg:2: train.rate: found \"1.5\"; expected a number from -1 to 1"),
            std::string::npos);
  EXPECT_EQ(settings.epochs, 3);
}

TEST_F(OptionsTest, DemandNamesTheFirstKeyWithoutAValueAndWhatBelongsThere) {
  std::string out;
  options.Add("out", &out, "run folder; made where there is none");
  const auto missing = [&](const std::vector<std::string>& arguments) -> std::string {
    options.Parse(arguments);
    try {
      options.Demand({"data", "model.name", "out"});
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(missing({"--out", "a"}),
            "command line: --data is missing; expected conversations. To go on: see arcsat train "
            "--help");
  EXPECT_EQ(missing({"--data", "x", "--out", ""}),
            "command line: --out is missing; expected run folder. To go on: see arcsat train "
            "--help");
  EXPECT_EQ(missing({"--data", "x", "--out", "a"}), "accepted");
}

TEST_F(OptionsTest, RefusesValuesThatAreNotOfTheType) {
  EXPECT_NE(Refusal({"--train.epochs", "3.5"}), "accepted");
  EXPECT_NE(Refusal({"--train.epochs", "99999999999"}), "accepted");
  EXPECT_NE(Refusal({"--train.seed", "-1"}).find("a whole number, 0 or more"), std::string::npos);
  EXPECT_NE(Refusal({"--train.rate", "nan"}), "accepted");
  EXPECT_NE(Refusal({"--train.average=perhaps"}).find("true or false"), std::string::npos);
  EXPECT_NE(Refusal({"--split.rule", "luck"}).find("expected hash or time"), std::string::npos);
}

TEST_F(OptionsTest, RefusesBrokenCallsAndFiles) {
  EXPECT_NE(Refusal({"--train.epochs"}).find("train.epochs has no value"), std::string::npos);
  EXPECT_NE(Refusal({"--train.epochs", "1", "--train.epochs", "2"}).find("given twice"),
            std::string::npos);
  EXPECT_NE(Refusal({"word"}).find("expected options only"), std::string::npos);
  EXPECT_NE(Refusal({"--config", ConfigFile("[train]\nepochs = 1\nepochs = 2\n")})
                .find("run.cfg:3: train.epochs: the key was already given at "),
            std::string::npos);
  EXPECT_NE(Refusal({"--config", ConfigFile("[train]\nepochs 1\n")})
                .find("run.cfg:2: found \"epochs 1\"; expected \"key = value\""),
            std::string::npos);
  EXPECT_NE(Refusal({"--config", ConfigFile("[model]\nname = \"open\n")}).find("close the quotes"),
            std::string::npos);
  EXPECT_THROW(options.Parse({"--config", folder / "none.cfg"}), Error);
}

TEST_F(OptionsTest, ResolvedReadsBackTheSame) {
  ASSERT_TRUE(options.Parse({"--train.rate", "1e-05", "--model.name", "#1 \"x\" ", "--data", "p q",
                             "--split.rule", "time", "--train.average"}));
  const std::string resolved = options.Resolved();
  EXPECT_NE(resolved.find("\n[train]\nepochs = 3\nrate = 1e-05\nseed = 7\naverage = true\n"),
            std::string::npos)
      << resolved;
  settings = Settings();
  ASSERT_TRUE(options.Parse({"--config", ConfigFile(resolved)}));
  EXPECT_EQ(settings.name, "#1 \"x\" ");
  EXPECT_EQ(settings.rate, 1e-5);
  EXPECT_EQ(settings.data, std::vector<std::string>{"p q"});
  EXPECT_EQ(options.Resolved(), resolved);
}

TEST_F(OptionsTest, HelpShowsDefaultsRangesAndAnExample) {
  const std::string help = options.Help();
  EXPECT_NE(help.find("Example\n  arcsat train --data a.jsonl\n"), std::string::npos) << help;
  EXPECT_NE(help.find("--train.epochs NUMBER"), std::string::npos) << help;
  EXPECT_NE(help.find("passes over the data (1 or more; default 3)"), std::string::npos) << help;
  EXPECT_NE(help.find("(hash or time; default hash)"), std::string::npos) << help;
}

TEST(NearestTest, CountsEdits) {
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("epochs", "epohcs"), 1);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("same", "same"), 0);
}

TEST(NearestTest, FindsNothingWhereNothingIsClose) {
  EXPECT_EQ(Nearest("zebra", {"train", "score"}), "");
  EXPECT_EQ(Nearest("trian", {"train", "triage"}), "train");
  EXPECT_EQ(Nearest("x", {"to", "at"}), "");
  EXPECT_EQ(Nearest("model.epochs", {"model.layers", "train.epochs"}), "train.epochs");
}

TEST(TextTest, Phrases) {
  EXPECT_EQ(Duration(59.4), "59 s");
  EXPECT_EQ(Duration(185), "3 min 05 s");
  EXPECT_EQ(Duration(7800), "2 h 10 min");
  EXPECT_EQ(Thousands(-1234567), "-1,234,567");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Shorten("aé", 2), "a…");
  EXPECT_EQ(DisplayWidth("é…x"), 3U);
  EXPECT_EQ(Wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
}

}  // namespace
}  // namespace arcsat
