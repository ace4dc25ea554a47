#include "configs/bind_evaluate.h"

namespace arcsat {

void Bind(Options& options, ConformalOptions* c) {
  options
      .Add("conformal.level", &c->level, "share of the answers that lie in their set",
           Between(0.5, 0.999))
      .Add("conformal.shape", &c->shape, "the likeliest boxes, or boxes side by side",
           OneOf({"set", "interval"}))
      .Add("conformal.min_group", &c->min_group, "answers that a channel needs for sets of its own",
           AtLeast(1));
}

void Bind(Options& options, PopulationOptions* p) {
  options
      .Add("population.by", &p->by,
           "a column with figures of its own: channel, problem_type, agent, team, language, "
           "customer_id, escalated, started_at (by month), length, attribute:NAME, or another "
           "field of the record")
      .Add("population.min_group", &p->min_group,
           "answers that a group needs for corrected figures", AtLeast(2))
      .Add("population.ridge", &p->response.ridge, "of the response model", Between(1e-6, 1e6))
      .Add("population.kinks", &p->response.kinks,
           "in its lines of length, entry and exit; 0: straight lines", Between(0, 10))
      .Add("population.trim", &p->response.trim, "no weight above this many times the mean one",
           Between(1.0, 1e6));
}

void Bind(Options& options, ClaimOptions* c) {
  options.Add("claim.folds", &c->folds, "of the cross-fitting", Between(2, 1000))
      .Add("claim.significance", &c->significance, "of the verdict, after Holm's correction",
           Between(0.0001, 0.5))
      .Add("claim.bins", &c->table.bins, "of the table from delta to satisfied, at most",
           Between(1, 1000))
      .Add("claim.min_bin", &c->table.min_bin, "answers that each of them needs", AtLeast(1));
}

void Bind(Options& options, ReportOptions* r) {
  const auto share = Between(0.0, 1.0);
  options.Add("report.target", &r->target, "accuracy that is aimed at", share)
      .Add("report.baseline", &r->baseline, "accuracy that the work started from", share)
      .Add("report.calibration_error", &r->calibration_error,
           "chances this far off on average still pass as calibrated", share);
  Bind(options, static_cast<ListOptions*>(r));
}

void Bind(Options& options, ListOptions* l) {
  options.Add("report.conversations", &l->conversations, "listed at most", Between(0, 1'000'000))
      .Add("report.transcripts", &l->transcripts, "with their turns to read, at most",
           Between(0, 100'000));
}

}  // namespace arcsat
