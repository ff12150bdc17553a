// Package ranker is a whole ranker: the deepest scans first, and among equals the oldest, as always.
package ranker

import hinny "hinny-plugin"

// Scan is what it reads of each task.
type Scan struct {
	Level int64 `hinny:"/scan_level"`
}

// Plugin is what `hinny plugin build` makes a component of.
var Plugin = hinny.Ranker[Scan]{
	Rank: func(task *Scan, _ *hinny.Context) int64 { return -min(max(task.Level, 0), 4) },
}
