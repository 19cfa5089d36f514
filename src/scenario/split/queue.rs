//! The split by processes: the subtotals are put on a queue as they arrive, and taken off until STOP.

use super::message::Subtotal;
use super::sum::result;
use super::supervisor::WorkerProcesses;
use crate::measure::Result;
use crate::measure::{Observation, Workload};
use crate::system::clock::{self, Span};
use crate::system::control::Control;
use crate::system::executable;
use crate::system::run_queue::longest_wait;
use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

/// What stands on the queue.
enum Item {
    Subtotal(Subtotal),
    /// The sentinel that follows the last subtotal.
    Stop,
}

/// The subtotals in the order of their arrival, then STOP.
struct Queue {
    processes: WorkerProcesses,
    arrived: VecDeque<Item>,
    owing: usize,
}

impl Queue {
    /// Takes the next item off, waiting for one when there is none.
    fn take(&mut self, control: &Control) -> Result<Item> {
        loop {
            if let Some(item) = self.arrived.pop_front() {
                return Ok(item);
            }
            let (arrived, owing) = (&mut self.arrived, &mut self.owing);
            self.processes.look(control, |subtotal| {
                arrived.push_back(Item::Subtotal(subtotal));
                *owing -= 1;
                if *owing == 0 {
                    arrived.push_back(Item::Stop);
                }
            })?;
        }
    }
}

/// Does the sum by processes of an executable, or of this program's own.
pub(super) fn observe(
    load: &Workload,
    control: &Control,
    executable: Option<&Path>,
    patience: Duration,
) -> Result<Observation> {
    let executable = match executable {
        Some(path) => path.to_owned(),
        None => executable::own()?,
    };
    let asked = clock::now();
    let mut processes = WorkerProcesses::start(load, &executable, patience, control)?;
    processes.wait_until_ready(control)?;
    let startup = Duration::from_nanos(clock::now().saturating_sub(asked));
    processes.release()?;

    let mut queue = Queue { owing: processes.len(), processes, arrived: VecDeque::new() };
    let mut subtotals = Vec::with_capacity(queue.owing);
    while let Item::Subtotal(subtotal) = queue.take(control)? {
        subtotals.push(subtotal);
    }
    queue.processes.join(control)?;

    subtotals.sort_unstable_by_key(|subtotal| subtotal.worker);
    let spans: Vec<Span> = subtotals.iter().map(|subtotal| subtotal.span).collect();
    Ok(Observation {
        actual: result(subtotals.iter().map(|subtotal| subtotal.total).fold(0, u128::saturating_add)),
        startup: Some(startup),
        startup_waited: longest_wait(subtotals.iter().map(|subtotal| subtotal.startup_waited), startup),
        usage: Some(subtotals.iter().map(|subtotal| subtotal.usage).sum()),
        spans,
        ..Observation::default()
    })
}
