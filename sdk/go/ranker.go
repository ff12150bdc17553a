// Package hinny makes plugins for hinny in Go: what is read of each task, and a function that ranks.
//
//	type Scan struct {
//		Level int64 `hinny:"/scan_level"`
//	}
//
//	var Plugin = hinny.Ranker[Scan]{
//		Rank: func(task *Scan, _ *hinny.Context) int64 { return -min(max(task.Level, 0), 4) },
//	}
//
// `hinny plugin build` makes a component of it.
package hinny

import (
	"fmt"
	"math"
)

// The least priority, the most urgent, and the greatest.
const (
	PriorityMin = -PriorityMax
	PriorityMax = 1<<53 - 1
)

// Context is what a ranker knows beside the tasks.
type Context struct {
	// Now, in milliseconds since the epoch. There is no other clock.
	Now int64
	// Scheduler whose tasks these are.
	Scheduler string
	// Seed for rankers that want chance: the same one must give the same answer.
	Seed uint64
}

// Term is one contribution to a priority.
type Term struct {
	// Label says what it is, for people.
	Label string
	// Contribution says how much it adds; negative moves the task forward.
	Contribution float64
	// Input names the declared input that it comes from, if it is one.
	Input string
}

// Explanation says why a task has its priority: terms, most important first, and a sentence.
type Explanation struct {
	Priority int64
	Terms    []Term
	Note     string
}

// Ranker gives each task its priority; lower goes first. T is a struct with one field per input,
// each with a tag that says where it comes from: a JSON pointer into the task's data, or one of
// `created-at`, `wait`, `base-priority`, `attempts`, `organisation`, `task-type`, `last-run-at`,
// `last-run-status`, `last-run-duration`. A field is an int64, a float64, a string or a bool, which
// is zero when the value is absent, or what the tag `absent:"…"` says; a pointer to one of these is
// nil.
//
// A pure function of the declared inputs, the settings and the context: asked twice the same, it must
// answer the same. Nothing is to be remembered from one call to the next, and maps are not to be
// walked through in an order that matters.
type Ranker[T any] struct {
	// Configure takes the operator's settings; an error refuses the version. Without it there are no
	// settings, and any is refused.
	Configure func(settings Settings) error
	// RefreshMs gives the milliseconds after which priorities change without the tasks changing, at
	// least 1000. Without it they do not.
	RefreshMs func() uint64
	// Rank gives the priority of a task, from PriorityMin to PriorityMax.
	Rank func(task *T, context *Context) int64
	// Explain says why. Without it there is one term.
	Explain func(task *T, context *Context) Explanation

	reader *reader
}

// Description is what a ranker says of itself: what it reads, and when it is to be asked again.
type Description struct {
	Inputs    []Input
	RefreshMs uint64
}

// Exported is a plugin as the builder calls it. Authors do not need it.
type Exported interface {
	ConfigureWith(settings Settings) (Description, error)
	RankBatch(context *Context, batch *Batch) ([]int64, error)
	ExplainBatch(context *Context, batch *Batch) ([]Explanation, error)
}

// ConfigureWith takes the settings, and says what the ranker reads under them.
func (ranker *Ranker[T]) ConfigureWith(settings Settings) (said Description, err error) {
	defer func() {
		if found := recover(); found != nil {
			err = panicked(found, "")
		}
	}()
	if ranker.Rank == nil {
		return said, fmt.Errorf("the plugin has no `Rank`")
	}
	configure := ranker.Configure
	if configure == nil {
		configure = func(settings Settings) error { return settings.DenyUnknown() }
	}
	if err := configure(settings); err != nil {
		return said, err
	}
	var none T
	reader, err := newReader(none)
	if err != nil {
		return said, err
	}
	ranker.reader = reader
	said.Inputs = reader.inputs
	if ranker.RefreshMs != nil {
		said.RefreshMs = ranker.RefreshMs()
	}
	return said, nil
}

// RankBatch gives one priority per task.
func (ranker *Ranker[T]) RankBatch(context *Context, batch *Batch) ([]int64, error) {
	answers, err := each(ranker.reader, batch, func(task *T) int64 { return ranker.Rank(task, context) })
	if err != nil {
		return nil, err
	}
	for at, priority := range answers {
		if priority < PriorityMin || priority > PriorityMax {
			return nil, fmt.Errorf(
				"`Rank` gave %d for task %d, expected an integer from %d to %d; hint: `RoundPriority` keeps a score in range",
				priority, at, int64(PriorityMin), int64(PriorityMax))
		}
	}
	return answers, nil
}

// ExplainBatch gives one explanation per task.
func (ranker *Ranker[T]) ExplainBatch(context *Context, batch *Batch) ([]Explanation, error) {
	explain := ranker.Explain
	if explain == nil {
		explain = func(task *T, context *Context) Explanation {
			priority := ranker.Rank(task, context)
			return Explanation{Priority: priority, Terms: []Term{{"priority", float64(priority), ""}}}
		}
	}
	return each(ranker.reader, batch, func(task *T) Explanation { return explain(task, context) })
}

func each[T, A any](reader *reader, batch *Batch, answer func(task *T) A) (answers []A, err error) {
	if reader == nil {
		return nil, fmt.Errorf("`configure` was not called, or refused the settings")
	}
	tasks := make([]T, batch.Len)
	if err := read(reader, batch, tasks); err != nil {
		return nil, err
	}
	at := 0
	defer func() {
		if found := recover(); found != nil {
			err = panicked(found, fmt.Sprintf(", at task %d of the batch", at))
		}
	}()
	answers = make([]A, len(tasks))
	for at = range tasks {
		answers[at] = answer(&tasks[at])
	}
	return answers, nil
}

// panicked makes an error of a panic. There is no other way to see it: no console.
func panicked(found any, where string) error {
	return fmt.Errorf("panic: %v%s", found, where)
}

// RoundPriority gives the nearest priority to a score: rounded, kept in range. What is not a number
// goes last.
func RoundPriority(score float64) int64 {
	switch {
	case math.IsNaN(score) || score >= PriorityMax:
		return PriorityMax
	case score <= PriorityMin:
		return PriorityMin
	default:
		// Halves go away from zero, as in the SDKs of other languages.
		return int64(math.Round(score))
	}
}
