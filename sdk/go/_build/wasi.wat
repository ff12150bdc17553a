;; In place of a system, for the runtime of Go: no arguments, no environment, no files, and nothing
;; that could differ from one run to the next. What is not here cannot be called.
(module
  (import "env" "memory" (memory 0))

  ;; How often the clock was asked, in microseconds: time goes on, and is nobody's time.
  (global $asked (mut i64) (i64.const 0))

  (func $nothing (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (export "args_sizes_get" (func $nothing))
  (export "environ_sizes_get" (func $nothing))

  (func $none (param i32 i32) (result i32) (i32.const 0))
  (export "args_get" (func $none))
  (export "environ_get" (func $none))

  (func (export "clock_time_get") (param i32) (param i64) (param $to i32) (result i32)
    (global.set $asked (i64.add (global.get $asked) (i64.const 1000)))
    (i64.store (local.get $to) (global.get $asked))
    (i32.const 0))

  ;; Not chance, which a ranker may not have: the same bytes each time.
  (func (export "random_get") (param $to i32) (param $len i32) (result i32)
    (local $at i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $len)))
        (i32.store8
          (i32.add (local.get $to) (local.get $at))
          (i32.add (i32.mul (local.get $at) (i32.const 167)) (i32.const 13)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; What is printed goes nowhere, and counts as written.
  (func (export "fd_write")
    (param $file i32) (param $parts i32) (param $count i32) (param $to i32) (result i32)
    (local $written i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $written
          (i32.add (local.get $written) (i32.load offset=4 (local.get $parts))))
        (local.set $parts (i32.add (local.get $parts) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $to) (local.get $written))
    (i32.const 0))

  (func (export "sched_yield") (result i32) (i32.const 0))

  ;; Nobody waits for anything: what is waited for has come.
  (func (export "poll_oneoff") (param i32 i32 i32) (param $to i32) (result i32)
    (i32.store (local.get $to) (i32.const 0))
    (i32.const 0))

  (func (export "proc_exit") (param i32) (unreachable))

  ;; There are no files: 8 is what WASI calls a bad one.
  (func $no_file_1 (param i32) (result i32) (i32.const 8))
  (func $no_file_2 (param i32 i32) (result i32) (i32.const 8))
  (func $no_file_3 (param i32 i32 i32) (result i32) (i32.const 8))
  (func $no_file_4 (param i32 i32 i32 i32) (result i32) (i32.const 8))
  (export "fd_close" (func $no_file_1))
  (export "fd_fdstat_get" (func $no_file_2))
  (export "fd_fdstat_set_flags" (func $no_file_2))
  (export "fd_prestat_get" (func $no_file_2))
  (export "fd_filestat_get" (func $no_file_2))
  (export "fd_prestat_dir_name" (func $no_file_3))
  (export "fd_read" (func $no_file_4)))
