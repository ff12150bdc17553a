// Package ranker has the rule of tests/guests/four-inputs, in Go.
package ranker

import hinny "hinny-plugin"

// Scan is what it reads of each task.
type Scan struct {
	CreatedMs int64   `hinny:"created-at"`
	Level     int64   `hinny:"/level"`
	Urgent    bool    `hinny:"/urgent"`
	Team      *string `hinny:"/team"`
}

// Plugin is what is built.
var Plugin = hinny.Ranker[Scan]{
	Rank: func(task *Scan, _ *hinny.Context) int64 {
		priority := task.CreatedMs/60_000 - 100*min(max(task.Level, 0), 4)
		if task.Urgent {
			priority -= 500
		}
		if task.Team != nil && (*task.Team == "red" || *task.Team == "rød") {
			priority -= 50
		}
		return priority
	},
}
