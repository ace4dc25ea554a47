#include "data/simulator/problems.h"

#include <iterator>

namespace arcsat {

std::vector<ProblemType> AccessProblems() {
  return {
      {"login",
       "accounts",
       "my login",
       false,
       {"the app", "the website", "the customer portal", "the tablet"},
       {"I can't log in to {item} since {date}", "{item} says my password isn't recognised",
        "the code to log in to {item} never gets to my phone",
        "I'm locked out of {item}, account {id}", "I changed my phone and now {item} won't have me",
        "{item} sends me round in circles when I log in"},
       {"I can log in now", "it let me straight in", "the password goes through",
        "I'm in and I can see my account", "the code arrived and it opened",
        "it takes me to my page now", "{item} has me logged in again"},
       {"I still can't log in", "it won't let me in", "the password doesn't go through",
        "I'm locked out again", "the code doesn't arrive", "it throws me back to the first page",
        "{item} has logged me out again"},
       {"I've reset your password", "I've sent a new code to your phone",
        "I've unlocked account {id}", "I've cleared the old device from your account",
        "I've switched the login to your new number"}},
      {"internet_outage",
       "network",
       "the internet",
       false,
       {"router", "fibre box", "modem", "hub"},
       {"the internet has been off since {date}", "my {item} has a red light and no connection",
        "the {item} drops the line every ten minutes",
        "I work from home and there's no internet since this morning",
        "the connection is so slow that nothing loads, line {id}",
        "I've been without internet since {date}"},
       {"the internet is on now", "the light on the {item} is green and pages load",
        "the line has come up", "I've got a connection on everything",
        "the speed is what it should be now", "the {item} is online",
        "everything loads on my laptop now"},
       {"the internet is off again", "the light on the {item} is red and nothing loads",
        "the line has dropped", "I've got no connection on anything",
        "the speed is the same as before", "the {item} is offline", "nothing loads on my laptop"},
       {"I've restarted your line from here", "I've sent new settings to the {item}",
        "I've moved you to another port", "I've reset the {item} remotely",
        "I've refreshed the signal on line {id}"}},
      {"data_plan",
       "mobile",
       "my data",
       false,
       {"10 GB", "roaming", "the unlimited plan", "the student plan"},
       {"my data stopped although I have {item}",
        "I upgraded to {item} on {date} and nothing changed",
        "I've paid {amount} for {item} and the phone has no data",
        "the app says my data is used up and I have {item}",
        "I'd like to get {item} on number {id}", "{item} was taken off my plan on {date}"},
       {"I've got data on the phone now", "the app shows {item}", "pages open on mobile now",
        "the text says {item} is active", "the phone is back on the network",
        "the counter is right now", "it connects without the wifi"},
       {"there is still no data on the phone", "the app doesn't show {item}",
        "pages won't open on mobile", "the text says {item} isn't active",
        "the phone has dropped off the network", "the counter is still at zero",
        "it only connects with the wifi"},
       {"I've switched {item} on for your number", "I've reset the data counter",
        "I've refreshed your sim on the network", "I've put the plan of {date} back",
        "I've pushed the settings to your phone"}},
      {"app_sync",
       "accounts",
       "the app",
       false,
       {"photos", "contacts", "the calendar", "my playlists", "the watch"},
       {"{item} won't sync with the app since {date}", "the app closes as soon as I open {item}",
        "after the update {item} is missing", "I paid {amount} for the app and {item} doesn't load",
        "the app shows {item} from last year, account {id}",
        "I can't get {item} on to my new phone"},
       {"{item} loads now", "the app opens and stays open", "the sync went to the end",
        "I can see {item} on both phones", "it's all there on the new phone",
        "the app is up to date and runs", "{item} came across"},
       {"{item} doesn't load", "the app closes again when I open it", "the sync stops half way",
        "I can't see {item} on the new phone", "it's all gone from the new phone",
        "the app updated and won't run", "{item} didn't come across"},
       {"I've restarted the sync from here", "I've cleared the cache for account {id}",
        "I've sent you the new version", "I've put {item} back from the backup",
        "I've linked the two phones again"}},
  };
}

std::span<const ProblemType> Problems() {
  static const std::vector<ProblemType> all = [] {
    std::vector<ProblemType> joined = MoneyProblems();
    for (auto part : {DeliveryProblems(), AccessProblems()}) {
      joined.insert(joined.end(), part.begin(), part.end());
    }
    return joined;
  }();
  return all;
}

}  // namespace arcsat
