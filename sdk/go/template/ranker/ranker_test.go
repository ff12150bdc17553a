package ranker

import (
	"reflect"
	"strings"
	"testing"

	hinny "hinny-plugin"
	"hinny-plugin/hinnytest"
)

func queue(t *testing.T, settings hinny.Settings) *hinnytest.Queue {
	queue, err := hinnytest.New(&Plugin, settings)
	if err != nil {
		t.Fatal(err)
	}
	queue.Add(hinnytest.Task{Name: "plain", CreatedAt: 30_000})
	queue.Add(hinnytest.Task{Name: "deep", CreatedAt: 90_000, Data: `{"level": 2}`})
	queue.Add(hinnytest.Task{Name: "deeper", CreatedAt: 99_000, Data: `{"level": 3}`})
	return queue
}

func TestALevelIsWorthAsManySecondsAsTheSettingsSay(t *testing.T) {
	orders := map[int64][]string{60: {"deeper", "deep", "plain"}, 5: {"plain", "deep", "deeper"}}
	for seconds, expected := range orders {
		order := queue(t, hinny.Settings{"seconds_per_level": seconds}).Order(t)
		if !reflect.DeepEqual(order, expected) {
			t.Errorf("%d seconds: %v, expected %v", seconds, order, expected)
		}
	}
}

func TestTheTermsOfAnExplanationAddUp(t *testing.T) {
	for _, explanation := range queue(t, nil).Explanations(t) {
		sum := 0.0
		for _, term := range explanation.Terms {
			sum += term.Contribution
		}
		if int64(sum) != explanation.Priority {
			t.Errorf("%v is not %d", sum, explanation.Priority)
		}
	}
}

func TestASettingThatDoesNotExistIsRefused(t *testing.T) {
	_, err := hinnytest.New(&Plugin, hinny.Settings{"seconds": int64(60)})
	if err == nil || !strings.Contains(err.Error(), "setting `seconds` is unknown") {
		t.Errorf("it was %v", err)
	}
}
