#include "train/processes.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <limits>
#include <thread>

#include "tests/torch/torch_test_support.h"
#include "train/long_work.h"
#include "train/trainer.h"

namespace arcsat {
namespace {

using testing::ElementsAre;

int FreePort() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(descriptor);
  return ntohs(address.sin_port);
}

/// What each of `size` processes does, here in a thread each; what one throws is thrown.
void Together(int size, const std::function<void(Processes&)>& work,
              std::chrono::seconds timeout = std::chrono::seconds(60)) {
  const int port = FreePort();
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        Launch launch;
        launch.rank = launch.local_rank = rank;
        launch.size = size;
        launch.address = "127.0.0.1";
        launch.port = port;
        Processes processes(launch, timeout);
        work(processes);
      } catch (...) {
        failures[static_cast<std::size_t>(rank)] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

TEST(Processes, AloneEverythingIsAsItWas) {
  Processes& alone = Processes::Alone();
  EXPECT_EQ(alone.size(), 1);
  EXPECT_TRUE(alone.first());
  EXPECT_THAT(alone.Sum({1.5, -2}), ElementsAre(1.5, -2));
  EXPECT_EQ(alone.OfFirst("text"), "text");
}

TEST(Processes, SumsAndWhatTheFirstHas) {
  Together(3, [](Processes& processes) {
    EXPECT_THAT(processes.Sum({processes.rank() + 1.0, 0.5}), ElementsAre(6, 1.5));
    EXPECT_THAT(processes.Sum(std::vector<double>{}), ElementsAre());
    const std::string text = std::string("a\0\xC3\xA9", 4) + std::to_string(processes.rank());
    EXPECT_EQ(processes.OfFirst(text), std::string("a\0\xC3\xA9", 4) + "0");
    EXPECT_EQ(processes.OfFirst(""), "");
    processes.Use(torch::kCPU);
    const auto weights = torch::full({2, 3}, processes.rank() + 7.0);
    processes.CopyFromFirst({weights, torch::zeros({})});
    EXPECT_TRUE(torch::equal(weights, torch::full({2, 3}, 7.0)));
  });
}

TEST(Processes, WaitForOneAsLongAsItGoesOn) {
  constexpr std::chrono::seconds kTimeout{3};
  std::atomic<int> worked = 0;
  Together(
      3,
      [&](Processes& processes) {
        std::function<void(const Pulse&)> work;
        if (processes.rank() > 0) {
          work = [&](const Pulse& pulse) {
            const int times = processes.rank() == 1 ? 10 : 100;  // one is done sooner
            for (int i = 0; i < times; ++i) {
              std::this_thread::sleep_for(std::chrono::milliseconds(45));
              pulse();
            }
            ++worked;
          };
        }
        WhileOthersWait(processes, kTimeout, work);
        EXPECT_EQ(worked.load(), 2);
        EXPECT_EQ(processes.Sum(1.0), 3) << "they are in step afterwards";
      },
      kTimeout);
}

TEST(Processes, AreToldThatTheWorkOfOneFailed) {
  std::vector<std::string> found(3);
  Together(3, [&](Processes& processes) {
    std::function<void(const Pulse&)> work;
    if (processes.rank() == 1) {
      work = [](const Pulse&) { throw Error({"calls.jsonl", "is no JSON", "", ""}); };
    }
    if (processes.rank() == 2) {
      work = [](const Pulse& pulse) {
        for (;;) {
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
          pulse();
        }
      };
    }
    try {
      WhileOthersWait(processes, std::chrono::seconds(1), work);
    } catch (const Error& error) {
      found[static_cast<std::size_t>(processes.rank())] = error.problem().found;
    }
  });
  EXPECT_EQ(found[1], "is no JSON");
  for (const std::size_t rank : {0U, 2U}) {
    EXPECT_THAT(found[rank], testing::HasSubstr("one has failed at work"));
  }
}

TEST(Processes, AloneNobodyIsWaitedFor) {
  int done = 0;
  const auto alone = [](const std::function<void(const Pulse&)>& work) {
    WhileOthersWait(Processes::Alone(), std::chrono::seconds(0), work);
  };
  alone([&](const Pulse& pulse) {
    pulse();
    ++done;
  });
  alone({});
  EXPECT_EQ(done, 1);
  EXPECT_EQ(ProblemOf([&] {
              alone([](const Pulse&) { throw Error({"here", "broken", "", ""}); });
            }).found,
            "broken");
}

TEST(Processes, GradientsAreSummedAlsoWhereSomeHaveNone) {
  Together(3, [](Processes& processes) {
    processes.Use(torch::kCPU);
    const auto used = torch::ones({4}, torch::requires_grad());
    const auto unused = torch::ones({2}, torch::requires_grad());
    for (const auto& parameter : {used, unused}) {
      parameter.mutable_grad() = torch::zeros_like(parameter);
    }
    GradientSum gradients(&processes, {used, unused});
    for (int update = 0; update < 3; ++update) {
      const double size = processes.size();
      if (processes.rank() < 2) ((used * (processes.rank() + 1)).sum() * size).backward();
      // Two have a last loss, the third has nothing to learn from.
      gradients.Backward(processes.rank() < 2 ? used.sum() * size : gradients.Nothing());
      // 1 + 2 of the first pass, 1 + 1 of the last.
      EXPECT_TRUE(torch::allclose(used.grad(), torch::full({4}, 5.0))) << used.grad();
      EXPECT_TRUE(torch::equal(unused.grad(), torch::zeros({2})));
      used.mutable_grad().zero_();
    }
  });
}

TEST(Processes, WhatIsNotFiniteInOneIsSkippedByAll) {
  const TemporaryFolder encoder, runs;
  PutTinyEncoder(encoder);
  std::filesystem::create_directories(runs / "run");
  std::vector<int> skipped(2, 0);
  Together(2, [&](Processes& processes) {
    at::set_num_threads(1);
    std::vector<EncodedConversation> train = Talk(31).MakeMany(12);
    // The same data by all that is compared; which of the two computes it is left to them.
    train[4].turns[0].gap = std::numeric_limits<float>::infinity();
    LoadedModel loaded = StartModel(encoder / ".", TinyOptions(), {}, 1);
    TrainOptions options;
    options.epochs = 2;
    options.batch = 4;
    options.device = "cpu";
    Trainer trainer(&loaded, options, Listed(train), {}, runs / "run", processes);
    trainer.on_step = [&](const StepReport& report) {
      skipped[static_cast<std::size_t>(processes.rank())] += report.skipped ? 1 : 0;
    };
    EXPECT_EQ(trainer.Run().updates, 6);
    for (const auto& p : loaded.model->parameters().all()) {
      EXPECT_TRUE(torch::isfinite(p.value).all().item<bool>()) << p.name;
    }
  });
  EXPECT_THAT(skipped, ElementsAre(2, 2)) << "once an epoch";
}

TEST(Processes, ABatchThatDoesNotFitIsSmallerWhenTheyBeginAnew) {
  const TemporaryFolder encoder, runs;
  PutTinyEncoder(encoder);
  std::filesystem::create_directories(runs / "run");
  TrainOptions options;
  options.epochs = 1;
  options.batch = 32;
  options.device = "cpu";
  // What passes the network is larger than the model, but no single conversation is.
  Talk talk(31);
  std::vector<EncodedConversation> train;
  for (int i = 0; i < 64; ++i) {
    train.push_back(talk.Make("c-" + std::to_string(i), 8));
    train.back().satisfied = train.back().survey = static_cast<float>(i % 2);
  }
  /// The largest piece of memory that was taken.
  const auto attempt = [&](std::size_t room, const TrainOptions& with) {
    const TightMemory memory(room);
    Together(2, [&](Processes& processes) {
      at::set_num_threads(1);
      LoadedModel loaded = StartModel(encoder / ".", TinyOptions(), {}, 1);
      Trainer trainer(&loaded, with, Listed(train), {}, runs / "run", processes);
      EXPECT_EQ(trainer.Run().updates, 2);
    });
    return memory.largest();
  };
  TrainOptions alone = options;
  alone.part_tokens = 1;
  const std::size_t room = attempt(std::numeric_limits<std::size_t>::max(), alone);
  std::vector<std::string> remedies;
  for (int begun = 0; begun < 8; ++begun) {
    try {
      attempt(room, options);
      break;
    } catch (const Error& error) {
      remedies.push_back(error.problem().remedy);
    }
  }
  EXPECT_THAT(remedies, testing::SizeIs(testing::AllOf(testing::Gt(0U), testing::Lt(8U))));
  for (const std::string& remedy : remedies)
    EXPECT_THAT(remedy, testing::HasSubstr("begin anew with --resume"));
  EXPECT_TRUE(std::filesystem::exists(runs / "run" / "part_tokens-0"));
}

}  // namespace
}  // namespace arcsat
