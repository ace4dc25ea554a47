#include "insight/triage/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include "data/error.h"

namespace arcsat {
namespace {

constexpr int kBusyMilliseconds = 10'000;

[[noreturn]] void Fail(const std::string& place, const std::string& what) {
  throw Error({place, what, "expected an SQLite file with room to write",
               "check the disk and who may write there"});
}

}  // namespace

void SqlStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqlStatement::SqlStatement(sqlite3* database, std::string place, std::string_view sql)
    : database_(database), place_(std::move(place)) {
  sqlite3_stmt* made = nullptr;
  const int code =
      sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &made, nullptr);
  statement_.reset(made);
  Check(code);
}

void SqlStatement::Check(int code) const {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  Fail(place_, fmt::format("the database says: {}", sqlite3_errmsg(database_)));
}

bool SqlStatement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    const std::string what = fmt::format("the database says: {}", sqlite3_errmsg(database_));
    Reset();
    Fail(place_, what);
  }
  return code == SQLITE_ROW;
}

void SqlStatement::Reset() { sqlite3_reset(statement_.get()); }

void SqlStatement::Bind(int at, const std::string& text) {
  Check(sqlite3_bind_text64(statement_.get(), at + 1, text.data(), text.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
}

void SqlStatement::Bind(int at, double number) {
  Check(sqlite3_bind_double(statement_.get(), at + 1, number));
}

void SqlStatement::Bind(int at, std::int64_t number) {
  Check(sqlite3_bind_int64(statement_.get(), at + 1, number));
}

void SqlStatement::Bind(int at, std::nullptr_t) {
  Check(sqlite3_bind_null(statement_.get(), at + 1));
}

std::string SqlStatement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return "";
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::int64_t SqlStatement::Int(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double SqlStatement::Number(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

bool SqlStatement::Null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Database::Database(const std::filesystem::path& path, int flags) : place_(path.string()) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(place_.c_str(), &opened, flags, nullptr);
  database_.reset(opened);
  if (code != SQLITE_OK) {
    Fail(place_, fmt::format("cannot be opened: {}", sqlite3_errmsg(opened)));
  }
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
}

Database Database::Open(const std::filesystem::path& path) {
  // SQLite's own file would be readable by everybody; its side files take the rights of this one.
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0) close(descriptor);
  Database database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
  database.Run(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
      "PRAGMA trusted_schema = OFF;");
  return database;
}

Database Database::OpenToRead(const std::filesystem::path& path) {
  return Database(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX);
}

SqlStatement Database::Prepare(std::string_view sql) const {
  return SqlStatement(database_.get(), place_, sql);
}

void Database::Run(const std::string& sql) const {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return;
  Fail(place_, fmt::format("the database says: {}", sqlite3_errmsg(database_.get())));
}

int Database::changes() const { return sqlite3_changes(database_.get()); }

}  // namespace arcsat
