package hinny

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

type scan struct {
	CreatedMs int64    `hinny:"created-at"`
	Level     int64    `hinny:"/level" absent:"-3"`
	Ratio     *float64 `hinny:"/ratio"`
	Urgent    bool     `hinny:"/urgent"`
	Team      string   `hinny:"/team" absent:"nobody"`
	Scratch   int
}

// Three tasks; the second lacks what can be absent.
func batch() *Batch {
	absent := []uint32{1}
	return &Batch{Len: 3, Columns: []Column{
		{Kind: Integer, Integers: []int64{1, 2, 3}},
		{Kind: Integer, Integers: []int64{4, 99, 6}, Absent: absent},
		{Kind: Float, Floats: []float64{0.5, 99, 1.5}, Absent: absent},
		{Kind: Flag, Flags: []bool{true, true, false}, Absent: absent},
		{Kind: Text, Dictionary: []string{"rød", "blå"}, Codes: []uint32{1, 77, 0}, Absent: absent},
	}}
}

func configured(t *testing.T, ranker *Ranker[scan]) *Ranker[scan] {
	t.Helper()
	if _, err := ranker.ConfigureWith(nil); err != nil {
		t.Fatal(err)
	}
	return ranker
}

func TestARowHasWhatTheColumnsSay(t *testing.T) {
	var seen []scan
	ranker := configured(t, &Ranker[scan]{Rank: func(task *scan, _ *Context) int64 {
		seen = append(seen, *task)
		return int64(len(seen))
	}})
	priorities, err := ranker.RankBatch(&Context{}, batch())
	if err != nil || !reflect.DeepEqual(priorities, []int64{1, 2, 3}) {
		t.Fatalf("%v, %v", priorities, err)
	}
	half, more := 0.5, 1.5
	expected := []scan{
		{1, 4, &half, true, "blå", 0}, {2, -3, nil, false, "nobody", 0}, {3, 6, &more, false, "rød", 0},
	}
	if !reflect.DeepEqual(seen, expected) {
		t.Errorf("%+v", seen)
	}
}

func TestABatchThatIsNotWhatWasDeclaredIsRefused(t *testing.T) {
	ranker := configured(t, &Ranker[scan]{Rank: func(*scan, *Context) int64 { return 0 }})
	short, other := batch(), batch()
	short.Columns = short.Columns[:4]
	other.Columns[3].Flags = other.Columns[3].Flags[:2]
	for expected, given := range map[string]*Batch{
		"4 columns, 5 inputs": short, "column `Urgent` is of another type or length": other,
	} {
		if _, err := ranker.RankBatch(&Context{}, given); err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%v, expected %s", err, expected)
		}
	}
}

func TestAPanicIsToldWithItsTask(t *testing.T) {
	ranker := configured(t, &Ranker[scan]{Rank: func(task *scan, _ *Context) int64 { return int64(*task.Ratio) }})
	_, err := ranker.RankBatch(&Context{}, batch())
	if err == nil || !strings.Contains(err.Error(), "nil pointer dereference, at task 1 of the batch") {
		t.Error(err)
	}
}

func TestAnAnswerThatIsNoPriorityIsToldWithItsTask(t *testing.T) {
	ranker := configured(t, &Ranker[scan]{Rank: func(task *scan, _ *Context) int64 { return PriorityMax + task.CreatedMs - 2 }})
	_, err := ranker.RankBatch(&Context{}, batch())
	if err == nil || !strings.Contains(err.Error(), "`Rank` gave 9007199254740992 for task 2, expected") {
		t.Error(err)
	}
}

func TestWhatCannotBeReadIsRefusedByItsField(t *testing.T) {
	refused := func(task any, expected string) {
		t.Helper()
		if _, err := newReader(task); err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%v, expected %s", err, expected)
		}
	}
	refused(struct {
		A int `hinny:"/a"`
	}{}, "field `A`: it is of type `int`, expected int64")
	refused(struct {
		A int64 `hinny:"created"`
	}{}, "`created` is no JSON pointer and none of created-at")
	refused(struct {
		A int64 `hinny:"/a" absent:"x"`
	}{}, "field `A`: strconv.ParseInt")
	refused(struct {
		A *int64 `hinny:"/a" absent:"1"`
	}{}, "a pointer is nil when its value is absent")
	refused(1, "a ranker reads a struct")
}

func TestSettingsAreRefusedInTheWordsOfAllSDKs(t *testing.T) {
	settings := Settings{"n": int64(-1), "t": "x", "f": true}
	_, n := settings.Integer("n", 0, 0, 10)
	_, t2 := settings.Number("t", 0)
	_, f := settings.Text("f", "")
	_, g := settings.Flag("t", false)
	for expected, err := range map[string]error{
		"setting `n` is -1, expected an integer from 0 to 10": n,
		"setting `t` is \"x\", expected a number":             t2,
		"setting `f` is true, expected text":                  f,
		"setting `t` is \"x\", expected true or false":        g,
		"setting `f` is unknown, expected one of `n`, `x.*`":  settings.DenyUnknown("n", "x.*"),
		"setting `f` is unknown, there are none":              settings.DenyUnknown(),
	} {
		if err == nil || err.Error() != expected {
			t.Errorf("%v, expected %s", err, expected)
		}
	}
	if value, err := settings.Integer("absent", 5, 0, 10); value != 5 || err != nil {
		t.Error(value, err)
	}
}

func TestAScoreIsRoundedAwayFromZeroAndKeptInRange(t *testing.T) {
	for score, expected := range map[float64]int64{
		0.5: 1, -0.5: -1, 2.4: 2, 1e300: PriorityMax, -1e300: PriorityMin,
	} {
		if rounded := RoundPriority(score); rounded != expected {
			t.Errorf("%v: %d", score, rounded)
		}
	}
	if RoundPriority(math.NaN()) != PriorityMax {
		t.Error("what is not a number goes last")
	}
}
