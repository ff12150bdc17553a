// Package runtime has the memory that generated bindings and the host work with.
package runtime

import (
	goruntime "runtime"
	"unsafe"
)

// What the host has asked for since the last call began: nothing else refers to it yet.
var asked goruntime.Pinner

// Allocate gives memory that stays where it is until the pinner lets go.
func Allocate(pinner *goruntime.Pinner, size, align uintptr) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	// No type in the contract is aligned to more than eight bytes.
	memory := unsafe.Pointer(unsafe.SliceData(make([]uint64, (size+7)/8)))
	pinner.Pin(memory)
	return memory
}

// Unpin lets go of what the host has asked for: the call that it was for has taken it over.
func Unpin() { asked.Unpin() }

//go:wasmexport cabi_realloc
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uintptr) unsafe.Pointer {
	memory := Allocate(&asked, size, align)
	if oldSize > 0 && memory != nil {
		copy(unsafe.Slice((*byte)(memory), size), unsafe.Slice((*byte)(old), oldSize))
	}
	return memory
}
