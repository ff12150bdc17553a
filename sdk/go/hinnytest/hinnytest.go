// Package hinnytest has a ranker on a queue of a few tasks, natively: a second per round, no
// WebAssembly.
package hinnytest

import (
	"encoding/json"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"testing"

	hinny "hinny-plugin"
)

// Task is a task as a test puts it on the queue. Times are in milliseconds since the epoch.
type Task struct {
	Name string
	// Data is a JSON document; empty means none in particular.
	Data      string
	CreatedAt int64
	Attempts  int64
	// BasePriority is the one that was asked for; nil when none was.
	BasePriority *int64
	// Organisation is `acme`, unless said otherwise, and Type is `test`.
	Organisation string
	Type         string
	// LastRun is the last finished task of the same hash, if there was one.
	LastRun *LastRun
}

// LastRun is a finished task: `completed`, `failed` or `cancelled`.
type LastRun struct {
	EndedAt    int64
	Status     string
	DurationMs int64
}

// Queue is a ranker with its settings, and the tasks that it ranks.
type Queue struct {
	// Context of the calls.
	Context hinny.Context

	plugin hinny.Exported
	inputs []hinny.Input
	tasks  []Task
}

// New configures a ranker. The error is what an operator would see. Integers in settings are int64.
func New(plugin hinny.Exported, settings hinny.Settings) (*Queue, error) {
	said, err := plugin.ConfigureWith(settings)
	if err != nil {
		return nil, err
	}
	return &Queue{Context: hinny.Context{Scheduler: "test"}, plugin: plugin, inputs: said.Inputs}, nil
}

// Add puts a task on the queue.
func (queue *Queue) Add(task Task) {
	if task.Data == "" {
		task.Data = "{}"
	}
	if task.Organisation == "" {
		task.Organisation = "acme"
	}
	if task.Type == "" {
		task.Type = "test"
	}
	queue.tasks = append(queue.tasks, task)
}

// Priorities gives them in the order in which the tasks were added.
func (queue *Queue) Priorities(t *testing.T) []int64 {
	t.Helper()
	first, err := queue.plugin.RankBatch(&queue.Context, queue.batch(t))
	if err != nil {
		t.Fatal(err)
	}
	then, err := queue.plugin.RankBatch(&queue.Context, queue.batch(t))
	if err != nil || !reflect.DeepEqual(first, then) {
		t.Fatalf("asked twice the same, the ranker answers differently: %v, %v, %v", first, then, err)
	}
	return first
}

// Order gives the names of the tasks, first to go first.
func (queue *Queue) Order(t *testing.T) []string {
	t.Helper()
	priorities, places := queue.Priorities(t), make([]int, len(queue.tasks))
	for at := range places {
		places[at] = at
	}
	sort.SliceStable(places, func(one, other int) bool {
		a, b := places[one], places[other]
		if priorities[a] != priorities[b] {
			return priorities[a] < priorities[b]
		}
		return queue.tasks[a].CreatedAt < queue.tasks[b].CreatedAt
	})
	names := make([]string, 0, len(places))
	for _, at := range places {
		names = append(names, queue.tasks[at].Name)
	}
	return names
}

// Explanations gives them in the order in which the tasks were added.
func (queue *Queue) Explanations(t *testing.T) []hinny.Explanation {
	t.Helper()
	said, err := queue.plugin.ExplainBatch(&queue.Context, queue.batch(t))
	if err != nil {
		t.Fatal(err)
	}
	for at, priority := range queue.Priorities(t) {
		if said[at].Priority != priority {
			t.Fatalf("`Explain` says %d, `Rank` says %d", said[at].Priority, priority)
		}
	}
	return said
}

func (queue *Queue) batch(t *testing.T) *hinny.Batch {
	t.Helper()
	made := &hinny.Batch{Len: len(queue.tasks)}
	for _, input := range queue.inputs {
		column := hinny.Column{Kind: input.Kind}
		for at := range queue.tasks {
			value := queue.value(t, &queue.tasks[at], input)
			if value == nil {
				column.Absent = append(column.Absent, uint32(at))
			}
			add(&column, value)
		}
		made.Columns = append(made.Columns, column)
	}
	return made
}

// add adds a value of the column's type, or nil.
func add(column *hinny.Column, value any) {
	switch column.Kind {
	case hinny.Integer:
		integer, _ := value.(int64)
		column.Integers = append(column.Integers, integer)
	case hinny.Float:
		float, _ := value.(float64)
		column.Floats = append(column.Floats, float)
	case hinny.Flag:
		flag, _ := value.(bool)
		column.Flags = append(column.Flags, flag)
	default:
		text, _ := value.(string)
		for at, known := range column.Dictionary {
			if known == text {
				column.Codes = append(column.Codes, uint32(at))
				return
			}
		}
		column.Codes = append(column.Codes, uint32(len(column.Dictionary)))
		column.Dictionary = append(column.Dictionary, text)
	}
}

// value gives one input of one task; nil: absent.
func (queue *Queue) value(t *testing.T, task *Task, input hinny.Input) any {
	t.Helper()
	switch input.Source {
	case "created-at":
		return task.CreatedAt
	case "wait":
		return max(queue.Context.Now-task.CreatedAt, 0)
	case "attempts":
		return task.Attempts
	case "organisation":
		return task.Organisation
	case "task-type":
		return task.Type
	case "base-priority":
		if task.BasePriority == nil {
			return nil
		}
		return *task.BasePriority
	case "last-run-at", "last-run-status", "last-run-duration":
		return lastRun(task.LastRun, input.Source)
	case "":
		return task.Data
	default:
		return converted(input.Kind, at(t, task.Data, input.Source))
	}
}

func lastRun(run *LastRun, source string) any {
	switch {
	case run == nil:
		return nil
	case source == "last-run-at":
		return run.EndedAt
	case source == "last-run-status":
		return run.Status
	default:
		return run.DurationMs
	}
}

// at gives the place of a JSON pointer; nil when there is nothing.
func at(t *testing.T, data, pointer string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(data))
	decoder.UseNumber()
	var found any
	if err := decoder.Decode(&found); err != nil {
		t.Fatalf("the data of a task is not JSON: %v", err)
	}
	for _, part := range strings.Split(pointer, "/")[1:] {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch above := found.(type) {
		case map[string]any:
			found = above[part]
		case []any:
			place, err := strconv.Atoi(part)
			if err != nil || place < 0 || place >= len(above) {
				return nil
			}
			found = above[place]
		default:
			return nil
		}
	}
	return found
}

// converted gives a value of the data as a type; nil when it does not fit.
func converted(kind hinny.Kind, value any) any {
	number, isNumber := value.(json.Number)
	switch {
	case value == nil:
		return nil
	case kind == hinny.Integer && isNumber:
		if integer, err := number.Int64(); err == nil {
			return integer
		}
		float, err := number.Float64()
		if err != nil || float != math.Trunc(float) || math.Abs(float) >= 1<<53 {
			return nil
		}
		return int64(float)
	case kind == hinny.Float && isNumber:
		if float, err := number.Float64(); err == nil {
			return float
		}
		return nil
	case kind == hinny.Flag:
		flag, isFlag := value.(bool)
		if !isFlag {
			return nil
		}
		return flag
	case kind == hinny.Text:
		if text, isText := value.(string); isText {
			return text
		}
		written, err := json.Marshal(value)
		if err != nil {
			return nil
		}
		return string(written)
	default:
		return nil
	}
}
