//! What wakes the schedulers of hinny: events, timers, finished tasks.
