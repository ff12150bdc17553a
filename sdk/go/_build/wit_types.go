// Package types has the results and options that generated bindings speak of.
package types

// The two sides of a result, and of an option.
const (
	ResultOk  uint8 = 0
	ResultErr uint8 = 1

	OptionNone uint8 = 0
	OptionSome uint8 = 1
)

// Unit is a value that says nothing.
type Unit struct{}

// Result is one of two things.
type Result[T, E any] struct {
	tag uint8
	ok  T
	err E
}

// Ok is a result that went well.
func Ok[T, E any](value T) Result[T, E] { return Result[T, E]{tag: ResultOk, ok: value} }

// Err is a result that did not.
func Err[T, E any](value E) Result[T, E] { return Result[T, E]{tag: ResultErr, err: value} }

// Tag tells which.
func (result Result[T, E]) Tag() uint8 { return result.tag }

// Ok gives what went well.
func (result Result[T, E]) Ok() T { return result.ok }

// Err gives what did not.
func (result Result[T, E]) Err() E { return result.err }

// Option is a thing that may not be there.
type Option[T any] struct {
	tag  uint8
	some T
}

// None is no thing.
func None[T any]() Option[T] { return Option[T]{} }

// Some is one.
func Some[T any](value T) Option[T] { return Option[T]{tag: OptionSome, some: value} }

// Tag tells which.
func (option Option[T]) Tag() uint8 { return option.tag }

// Some gives the thing.
func (option Option[T]) Some() T { return option.some }
