package ranker

import (
	"reflect"
	"testing"

	"hinny-plugin/hinnytest"
)

func TestTheDeepestScanGoesFirstAndAmongEqualsTheOldest(t *testing.T) {
	queue, err := hinnytest.New(&Plugin, nil)
	if err != nil {
		t.Fatal(err)
	}
	queue.Add(hinnytest.Task{Name: "late", Data: `{"scan_level": 2}`, CreatedAt: 3_000})
	queue.Add(hinnytest.Task{Name: "early", Data: `{"scan_level": 2}`, CreatedAt: 2_000})
	queue.Add(hinnytest.Task{Name: "unknown level", CreatedAt: 1_000})
	queue.Add(hinnytest.Task{Name: "deepest", Data: `{"scan_level": 4}`, CreatedAt: 4_000})
	expected := []string{"deepest", "early", "late", "unknown level"}
	if order := queue.Order(t); !reflect.DeepEqual(order, expected) {
		t.Errorf("%v, expected %v", order, expected)
	}
}

func TestNoLevelIsBeyondAllOthers(t *testing.T) {
	queue, err := hinnytest.New(&Plugin, nil)
	if err != nil {
		t.Fatal(err)
	}
	queue.Add(hinnytest.Task{Name: "absurd", Data: `{"scan_level": -9223372036854775808}`})
	queue.Add(hinnytest.Task{Name: "absurd, too", Data: `{"scan_level": 9223372036854775807}`})
	if priorities := queue.Priorities(t); !reflect.DeepEqual(priorities, []int64{0, -4}) {
		t.Errorf("%v", priorities)
	}
}
