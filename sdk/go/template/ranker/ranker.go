// Package ranker lets what is deep go ahead of what is shallow, but nothing waits forever. See
// README.md.
package ranker

import hinny "hinny-plugin"

// Task is what it reads of each task; the host sends this and nothing else.
type Task struct {
	CreatedMs int64 `hinny:"created-at"`
	Level     int64 `hinny:"/level"`
}

var secondsPerLevel int64

// Plugin is what `hinny plugin build` makes a component of.
var Plugin = hinny.Ranker[Task]{
	Configure: func(settings hinny.Settings) (err error) {
		if err := settings.DenyUnknown("seconds_per_level"); err != nil {
			return err
		}
		secondsPerLevel, err = settings.Integer("seconds_per_level", 3600, 0, 86_400)
		return err
	},

	// Lower goes first.
	Rank: func(task *Task, _ *hinny.Context) int64 {
		return task.CreatedMs/1000 - headStart(task)
	},

	Explain: func(task *Task, _ *hinny.Context) hinny.Explanation {
		created, ahead := task.CreatedMs/1000, headStart(task)
		return hinny.Explanation{
			Priority: created - ahead,
			Terms: []hinny.Term{
				{Label: "time of creation in seconds", Contribution: float64(created), Input: "CreatedMs"},
				{Label: "head start for its level", Contribution: -float64(ahead), Input: "Level"},
			},
		}
	},
}

// In seconds. The level is kept within bounds: data is written by others.
func headStart(task *Task) int64 {
	return min(max(task.Level, 0), 10) * secondsPerLevel
}
