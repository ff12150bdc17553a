package hinny

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

// Kind is the type of an input, numbered as in the contract.
type Kind uint8

// The types that an input can have.
const (
	Integer Kind = iota
	Float
	Text
	Flag
)

// Input is one thing that the ranker reads of each task.
type Input struct {
	// Name of the field.
	Name string
	// Source is a JSON pointer, or the name of a fact.
	Source string
	Kind   Kind
}

// Facts are the sources that are not in the task's data, numbered as in the contract.
var Facts = []string{
	"created-at", "wait", "base-priority", "attempts", "organisation", "task-type", "last-run-at",
	"last-run-status", "last-run-duration",
}

// Batch is a batch of tasks, one column per input.
type Batch struct {
	Len     int
	Columns []Column
}

// Column has the values of one input: one of the lists, by its type. Texts are codes into a
// dictionary.
type Column struct {
	Kind       Kind
	Integers   []int64
	Floats     []float64
	Dictionary []string
	Codes      []uint32
	Flags      []bool
	// Absent lists the tasks without a value, ascending.
	Absent []uint32
}

// reader fills structs of one type from columns.
type reader struct {
	size   uintptr
	inputs []Input
	fields []field
}

type field struct {
	offset    uintptr
	isPointer bool
	// What stands for an absent value.
	integer int64
	float   float64
	text    string
	flag    bool
}

func newReader(task any) (*reader, error) {
	of := reflect.TypeOf(task)
	if of == nil || of.Kind() != reflect.Struct {
		return nil, fmt.Errorf("a ranker reads a struct with one field per input, not `%v`", of)
	}
	made := &reader{size: of.Size()}
	for at := range of.NumField() {
		declared := of.Field(at)
		source, isInput := declared.Tag.Lookup("hinny")
		if !isInput {
			continue
		}
		input, place, err := newField(declared, source)
		if err != nil {
			return nil, fmt.Errorf("field `%s`: %w", declared.Name, err)
		}
		made.inputs = append(made.inputs, input)
		made.fields = append(made.fields, place)
	}
	return made, nil
}

func newField(declared reflect.StructField, source string) (Input, field, error) {
	input := Input{Name: declared.Name, Source: source}
	place := field{offset: declared.Offset}
	if !isSource(source) {
		return input, place, fmt.Errorf(
			"`%s` is no JSON pointer and none of %s", source, strings.Join(Facts, ", "))
	}
	of := declared.Type
	if of.Kind() == reflect.Pointer {
		place.isPointer, of = true, of.Elem()
	}
	absent, isSaid := declared.Tag.Lookup("absent")
	if isSaid && place.isPointer {
		return input, place, fmt.Errorf("a pointer is nil when its value is absent, not `%s`", absent)
	}
	var err error
	switch of.Kind() {
	case reflect.Int64:
		input.Kind = Integer
		if isSaid {
			place.integer, err = strconv.ParseInt(absent, 10, 64)
		}
	case reflect.Float64:
		input.Kind = Float
		if isSaid {
			place.float, err = strconv.ParseFloat(absent, 64)
		}
	case reflect.String:
		input.Kind, place.text = Text, absent
	case reflect.Bool:
		input.Kind = Flag
		if isSaid {
			place.flag, err = strconv.ParseBool(absent)
		}
	default:
		err = fmt.Errorf("it is of type `%v`, expected int64, float64, string or bool, or a pointer to one", of)
	}
	return input, place, err
}

func isSource(source string) bool {
	if source == "" || strings.HasPrefix(source, "/") {
		return true
	}
	for _, fact := range Facts {
		if source == fact {
			return true
		}
	}
	return false
}

// read fills tasks, column by column.
func read[T any](reader *reader, batch *Batch, tasks []T) error {
	if len(batch.Columns) != len(reader.inputs) {
		return fmt.Errorf("the batch has %d columns, %d inputs are declared", len(batch.Columns), len(reader.inputs))
	}
	if len(tasks) == 0 {
		return nil
	}
	first := unsafe.Pointer(unsafe.SliceData(tasks))
	for at := range batch.Columns {
		column, input, field := &batch.Columns[at], reader.inputs[at], reader.fields[at]
		if column.Kind != input.Kind || column.len() != len(tasks) {
			return fmt.Errorf("column `%s` is of another type or length than declared", input.Name)
		}
		place := places{first, reader.size, field.offset}
		switch input.Kind {
		case Integer:
			fill(place, field.isPointer, column.Integers, column.Absent, field.integer)
		case Float:
			fill(place, field.isPointer, column.Floats, column.Absent, field.float)
		case Flag:
			fill(place, field.isPointer, column.Flags, column.Absent, field.flag)
		case Text:
			texts := make([]string, len(column.Codes))
			for at, code := range column.Codes {
				// What a code means where the text is absent is not said.
				if int(code) < len(column.Dictionary) {
					texts[at] = column.Dictionary[code]
				}
			}
			fill(place, field.isPointer, texts, column.Absent, field.text)
		}
	}
	return nil
}

func (column *Column) len() int {
	switch column.Kind {
	case Integer:
		return len(column.Integers)
	case Float:
		return len(column.Floats)
	case Text:
		return len(column.Codes)
	default:
		return len(column.Flags)
	}
}

// places are those of one field in a list of structs.
type places struct {
	first  unsafe.Pointer
	size   uintptr
	offset uintptr
}

func (places places) at(nth int) unsafe.Pointer {
	return unsafe.Add(places.first, uintptr(nth)*places.size+places.offset)
}

func fill[V any](places places, isPointer bool, values []V, absent []uint32, otherwise V) {
	if isPointer {
		for nth := range values {
			*(**V)(places.at(nth)) = &values[nth]
		}
		for _, nth := range absent {
			*(**V)(places.at(int(nth))) = nil
		}
		return
	}
	for nth, value := range values {
		*(*V)(places.at(nth)) = value
	}
	for _, nth := range absent {
		*(*V)(places.at(int(nth))) = otherwise
	}
}
