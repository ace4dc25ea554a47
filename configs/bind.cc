#include "configs/bind.h"

namespace arcsat {

void Bind(Options& options, CommonOptions* fields) {
  options.Add("json", &fields->json, "the result as JSON on standard output, for machines");
  options.Add("quiet", &fields->quiet, "no progress on standard error");
}

void Bind(Options& options, ReadOptions* fields) {
  options.Add("skip-bad", &fields->skip_bad,
              "leave out records that cannot be read, counted and reported, instead of ending");
}

void Bind(Options& options, SimulateOptions* fields) {
  options
      .Add("simulate.conversations", &fields->conversations, "how many", AtLeast<std::int64_t>(1))
      .Add("simulate.seed", &fields->seed, "another seed is another world")
      .Add("simulate.voice_share", &fields->voice_share, "share on the telephone",
           Between(0.0, 1.0))
      .Add("simulate.response_share", &fields->response_share,
           "share of all conversations with an answered survey", Between(0.0, 1.0))
      .Add("simulate.response_bias", &fields->response_bias,
           "how much the answer decides who answers; 0: not at all", Between(0.0, 1.0))
      .Add("simulate.rated_share", &fields->rated_share,
           "share of conversations whose turns three raters rated", Between(0.0, 1.0))
      .Add("simulate.word_error_low", &fields->word_error_low,
           "the recogniser's error rate on the telephone: lowest of a conversation",
           Between(0.0, 1.0))
      .Add("simulate.word_error_high", &fields->word_error_high, "and highest", Between(0.0, 1.0))
      .Add("simulate.gap_share", &fields->gap_share,
           "share of agents who are bad at one or two problem types", Between(0.0, 1.0))
      .Add("simulate.agents", &fields->agents, "how many agents", Between(1, 10'000));
}

void Bind(Options& options, SurveyOptions* fields) {
  options
      .Add("survey.satisfied_from", &fields->satisfied_from,
           "lowest answer that counts as satisfied, on the survey's own scale; -1: the top two "
           "boxes")
      .Add("survey.target", &fields->target,
           "what is the answer: \"survey\", or \"attribute:NAME\" for a yes or no among a "
           "conversation's attributes");
}

void Bind(Options& options, SplitOptions* fields) {
  const auto share = Between(0.0, 1.0);
  options
      .Add(
          "split.by", &fields->by,
          "what decides: a hash of the conversation's, customer's or agent's id; the time it began "
          "(the latest are the test); or exact shares within each answer and problem type",
          OneOf({"conversation", "customer", "agent", "time", "stratified"}))
      .Add("split.train", &fields->train, "share to learn from; the four make 1", share)
      .Add("split.calibration", &fields->calibration, "share to calibrate on", share)
      .Add("split.validation", &fields->validation, "share to choose the best model by", share)
      .Add("split.test", &fields->test, "share to report on", share)
      .Add("split.seed", &fields->seed, "another seed is another split")
      .Add("split.near_duplicate", &fields->near_duplicate,
           "transcripts whose word 3-shingles are this similar (Jaccard) share a side; 0: not "
           "looked "
           "for",
           share)
      .Add("split.previous", &fields->previous, "split.json whose assignments are kept");
}

void Bind(Options& options, SentencePieceTrainOptions* fields) {
  options
      .Add("tokenizer.algorithm", &fields->algorithm, "how pieces are found",
           OneOf({"unigram", "bpe"}))
      .Add("tokenizer.layout", &fields->layout, "the family of encoders it is for",
           OneOf({"xlm-roberta", "albert"}))
      .Add("tokenizer.vocab_size", &fields->vocab_size, "pieces, special ones included",
           Between(16, 1'000'000))
      .Add("tokenizer.character_coverage", &fields->character_coverage,
           "share of the characters that get a piece", Between(0.9, 1.0))
      .Add("tokenizer.max_sentences", &fields->max_sentences,
           "only the first so many turns; 0: all", AtLeast<std::int64_t>(0))
      .Add("tokenizer.exact_size", &fields->exact_size,
           "false (unigram only): a smaller vocabulary where the text yields less");
}

void Bind(Options& options, EncoderShape* fields) {
  options.Add("encoder.layers", &fields->layers, "transformer layers", Between(1, 256))
      .Add("encoder.hidden", &fields->hidden, "width; a multiple of the heads", Between(1, 16'384))
      .Add("encoder.heads", &fields->heads, "attention heads", Between(1, 1024))
      .Add("encoder.intermediate", &fields->intermediate, "width of the feed-forward layers",
           Between(1, 131'072))
      .Add("encoder.embedding", &fields->embedding, "width of the word embeddings (ALBERT only)",
           Between(1, 16'384))
      .Add("encoder.max_length", &fields->max_length, "longest turn in tokens",
           Between(8, 1'000'000));
}

}  // namespace arcsat
