#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace arcsat {

/// A prepared statement of a Database, which must outlive it. Columns and parameters count from 0.
class SqlStatement {
 public:
  SqlStatement(sqlite3* database, std::string place, std::string_view sql);
  /// Begins anew with these parameters.
  template <class... T>
  SqlStatement& With(const T&... values) {
    Reset();
    int at = 0;
    (Bind(at++, values), ...);
    return *this;
  }
  /// True where there is a row.
  bool Step();
  /// For statements that give no rows.
  void Run() {
    Step();
    Reset();
  }

  std::string Text(int column) const;
  std::int64_t Int(int column) const;
  double Number(int column) const;
  bool Null(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  void Reset();
  void Bind(int at, const std::string& text);
  void Bind(int at, const char* text) { Bind(at, std::string(text)); }
  void Bind(int at, double number);
  void Bind(int at, std::int64_t number);
  void Bind(int at, int number) { Bind(at, std::int64_t{number}); }
  void Bind(int at, std::nullptr_t);
  void Check(int code) const;

  sqlite3* database_;
  std::string place_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// An SQLite file. One thread at a time uses it. Every failure is an Error that names the file.
class Database {
 public:
  /// Creates the file where there is none, readable by its owner alone. WAL, and every commit is on
  /// the disk when it returns (synchronous = FULL).
  static Database Open(const std::filesystem::path& path);
  /// Reads beside the one that writes.
  static Database OpenToRead(const std::filesystem::path& path);

  SqlStatement Prepare(std::string_view sql) const;
  /// Several statements without parameters.
  void Run(const std::string& sql) const;
  /// Rows that the last statement changed.
  int changes() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Database(const std::filesystem::path& path, int flags);
  std::string place_;
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace arcsat
