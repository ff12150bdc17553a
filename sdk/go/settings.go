package hinny

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// Settings are those of an operator: int64, float64, string and bool by name; anything else as
// json.RawMessage. Tables are flattened: `{"weights": {"age": 2}}` is `weights.age`.
type Settings map[string]any

// DenyUnknown refuses settings that are not listed. `weights.*` lists everything in a table.
func (settings Settings) DenyUnknown(known ...string) error {
	keys := make([]string, 0, len(settings))
	for key := range settings {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		if isKnown(key, known) {
			continue
		}
		if len(known) == 0 {
			return fmt.Errorf("setting `%s` is unknown, there are none", key)
		}
		return fmt.Errorf("setting `%s` is unknown, expected one of `%s`", key, strings.Join(known, "`, `"))
	}
	return nil
}

func isKnown(key string, known []string) bool {
	for _, name := range known {
		table, isTable := strings.CutSuffix(name, "*")
		if key == name || isTable && strings.HasPrefix(key, table) {
			return true
		}
	}
	return false
}

// Integer gives an integer within bounds, or what stands for an absent one.
func (settings Settings) Integer(key string, absent, least, most int64) (int64, error) {
	value, isSet := settings[key]
	if !isSet {
		return absent, nil
	}
	number, isInteger := value.(int64)
	if !isInteger || number < least || number > most {
		return 0, refused(key, value, fmt.Sprintf("an integer from %d to %d", least, most))
	}
	return number, nil
}

// Number gives a number, or what stands for an absent one. An integer is a number, too.
func (settings Settings) Number(key string, absent float64) (float64, error) {
	switch value := settings[key].(type) {
	case nil:
		return absent, nil
	case float64:
		return value, nil
	case int64:
		return float64(value), nil
	default:
		return 0, refused(key, value, "a number")
	}
}

// Text gives a text, or what stands for an absent one.
func (settings Settings) Text(key, absent string) (string, error) {
	return typed(settings, key, absent, "text")
}

// Flag gives true or false, or what stands for an absent one.
func (settings Settings) Flag(key string, absent bool) (bool, error) {
	return typed(settings, key, absent, "true or false")
}

func typed[T any](settings Settings, key string, absent T, expected string) (T, error) {
	value, isSet := settings[key]
	if !isSet {
		return absent, nil
	}
	found, isOne := value.(T)
	if !isOne {
		return absent, refused(key, value, expected)
	}
	return found, nil
}

func refused(key string, value any, expected string) error {
	shown, err := json.Marshal(value)
	if err != nil {
		shown = []byte(fmt.Sprint(value))
	}
	const most = 80
	if letters := []rune(string(shown)); len(letters) > most {
		shown = []byte(string(letters[:most]) + "…")
	}
	return fmt.Errorf("setting `%s` is %s, expected %s", key, shown, expected)
}
