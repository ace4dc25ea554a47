#include "configs/import_settings.h"

namespace arcsat {
namespace {

void BindColumns(Options& options, Columns* fields) {
  options.Add("columns.id", &fields->id, "a table's column with the conversation's id")
      .Add("columns.text", &fields->text, "what was said")
      .Add("columns.speaker", &fields->speaker, "who said it")
      .Add("columns.at", &fields->at, "when: seconds from the start, or a time")
      .Add("columns.channel", &fields->channel, "chat or voice")
      .Add("columns.language", &fields->language, "BCP 47")
      .Add("columns.agent", &fields->agent, "the agent's id")
      .Add("columns.customer", &fields->customer, "the customer's id")
      .Add("columns.problem_type", &fields->problem_type, "what it was about")
      .Add("columns.team", &fields->team, "the agent's team")
      .Add("columns.score", &fields->score, "the survey's answer");
}

void BindTurns(Options& options, TurnRules* fields) {
  options
      .Add("turns.join", &fields->join,
           "join what one speaker says within the gap; false: a turn a segment")
      .Add("turns.gap", &fields->gap, "seconds of silence that still join", Between(0.0, 60.0))
      .Add("turns.backchannel_words", &fields->backchannel_words,
           "longest \"mhm, okay\" over the other's speech that is no turn; 0: none", Between(0, 10))
      .Add("turns.keep_marks", &fields->keep_marks, "keep [noise] and the like inside a text");
}

void BindRoughen(Options& options, RoughenSettings* fields) {
  options
      .Add("roughen", &fields->roughen,
           "rewrite chats as a speech recogniser would hand them over (English), to try a model on")
      .Add("roughen.word_error", &fields->word_error, "share of their words that go wrong",
           Between(0.0, 1.0))
      .Add("roughen.seed", &fields->seed, "of the errors");
}

void BindSurvey(Options& options, SurveyTableOptions* fields) {
  options
      .Add("survey_table.file", &fields->files,
           "file (CSV) of survey answers, problem types or agents by conversation id; again for "
           "more")
      .Add("survey_table.id", &fields->id, "its column with the conversation's id; guessed without")
      .Add("survey_table.score", &fields->score, "the answer")
      .Add("survey_table.answered_at", &fields->answered_at, "when it was given")
      .Add("survey_table.comment", &fields->comment, "what the customer wrote")
      .Add("survey_table.problem_type", &fields->problem_type, "what it was about")
      .Add("survey_table.agent", &fields->agent, "the agent's id")
      .Add("survey_table.team", &fields->team, "the agent's team")
      .Add("survey_table.scale", &fields->scale,
           "LOW..HIGH, thumbs, smileys, words, or WORD=NUMBER,WORD=NUMBER")
      .Add("survey_table.offered_to_all", &fields->offered_to_all,
           "a conversation without a row was asked and did not answer; false: not asked");
}

}  // namespace

void Bind(Options& options, ImportSettings* fields) {
  ImportOptions& import = fields->import;
  options
      .Add("skip-bad", &import.skip_bad,
           "leave out records that cannot be read, counted and reported, instead of ending")
      .Add("redact", &fields->redact.redact,
           "replace names, addresses, numbers and the like by placeholders such as [email 1]")
      .Add("import.threads", &import.threads, "that parse files; 0: one a core", Between(0, 256))
      .Add("import.file_limit", &import.file_limit, "bytes of one file, unpacked",
           AtLeast<std::int64_t>(1024))
      .Add("import.scale", &fields->scale,
           "of ratings whose file does not say it: LOW..HIGH, thumbs, smileys, words, or "
           "WORD=NUMBER,WORD=NUMBER")
      .Add("import.role", &import.roles,
           "LABEL=customer, agent or bot, for speakers that a file only numbers; again for more")
      .Add("import.human_transcript", &import.human_transcript,
           "HarperValleyBank: people's text in place of the recogniser's")
      .Add("redact.key_file", &fields->redact.key_file,
           "file whose bytes make pseudonyms of ids, the same in every import; a new key without");
  BindTurns(options, &import.turns);
  BindColumns(options, &import.columns);
  BindSurvey(options, &fields->survey);
  BindRoughen(options, &fields->roughen);
}

}  // namespace arcsat
