#pragma once

#include <functional>
#include <string>

#include "data/conversation.h"
#include "data/error.h"

namespace arcsat {

/// What a reader says of a good file's JSON after `damage`: the message of its Error, or
/// "accepted".
inline std::string MessageAfter(const Json& good,
                                const std::function<void(const std::string&)>& read,
                                const std::function<void(Json*)>& damage) {
  Json json = good;
  damage(&json);
  try {
    read(json.dump());
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace arcsat
