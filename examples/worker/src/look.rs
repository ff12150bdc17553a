//! The work: looking whether a TCP port answers.

use std::{
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use crate::worker::Task;

/// How long a host may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks whether the `address` in a task's data answers; an error says why not.
pub fn look(task: &Task) -> Result<(), String> {
    let address = task.data.get("address").and_then(|address| address.as_str());
    let address = address.ok_or("the data has no `address`, such as `127.0.0.1:22`")?;
    let places = address.to_socket_addrs().map_err(|error| format!("{address}: {error}"))?;
    let mut last = format!("{address} has no address");
    for place in places {
        match TcpStream::connect_timeout(&place, PATIENCE) {
            Ok(_) => {
                println!("{address} answers");
                return Ok(());
            }
            Err(error) => last = format!("{address}: {error}"),
        }
    }
    Err(last)
}
