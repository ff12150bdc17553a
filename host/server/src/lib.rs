//! The hinny binary: arguments, configuration, wiring, telemetry.
