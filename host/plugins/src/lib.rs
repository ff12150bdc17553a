//! The plugin host of hinny: verify, run, swap and bound WebAssembly components.
