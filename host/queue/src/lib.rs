//! The queues of hinny: order in memory, group commit, leases.
