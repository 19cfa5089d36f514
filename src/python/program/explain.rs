//! How a schedule loses an update, for an explanation.

use super::{
    compiled::Program,
    shared::SharedState,
    step::Touched,
    verdict::{MOST_WORK, Pause, Site, VerdictError, Witness},
};

/// A point on the way of one worker, for the explanation.
#[derive(Clone, Copy, Debug)]
struct Access {
    worker: usize,
    /// The instruction.
    at: (usize, usize),
    touched: Touched,
    /// The last instruction before the switch that followed, if one could, or the one that waits for a lock.
    switch: (usize, usize),
    waits: bool,
}

impl Program {
    /// The instruction at a place, as an explanation shows it.
    fn site(&self, (code, number): (usize, usize)) -> Option<Site> {
        let code = self.codes.get(code)?;
        let instruction = code.instructions.get(number)?;
        Some(Site {
            function: code.name.clone(),
            number,
            opcode: instruction.opcode,
            argument: instruction.argument.clone(),
            place: instruction.position.map(|position| self.place(position)),
        })
    }

    /// Replays a schedule and finds the first write of x that does not know of the other worker's last.
    pub(super) fn explain(
        &self,
        deltas: [i64; 2],
        iterations: u64,
        schedule: &[usize],
    ) -> Result<Witness, VerdictError> {
        let mut states = deltas.map(|delta| self.start(delta, iterations));
        let mut shared = SharedState::default();
        let mut trace: Vec<Access> = Vec::new();
        for &worker in schedule {
            let begin = trace.len();
            let state = &mut states[worker];
            let mut last = state.next().unwrap_or_default();
            let mut now = last;
            let pause = self.advance(
                state,
                &mut shared,
                MOST_WORK,
                |at, touched| {
                    trace.push(Access { worker, at, touched, switch: at, waits: false });
                },
                |state, switch| {
                    last = now;
                    now = state.next().unwrap_or_default();
                    switch
                },
            )?;
            let waits = matches!(pause, Pause::Blocked(_));
            for access in &mut trace[begin..] {
                (access.switch, access.waits) = (if waits { now } else { last }, waits);
            }
        }
        let lost = (0..trace.len()).find_map(|store| self.lost_at(&trace, store));
        let site = |at: Option<(usize, usize)>| at.and_then(|at| self.site(at));
        Ok(Witness {
            iterations,
            expected: 0,
            reached: shared.x,
            load: site(lost.map(|(load, _)| trace[load].at)),
            switch: site(lost.map(|(load, _)| trace[load].switch)),
            waits: lost.is_some_and(|(load, _)| trace[load].waits),
            store: site(lost.map(|(_, store)| trace[store].at)),
        })
    }

    /// If the access is a write whose worker last read x before the other wrote it: that read, and the write.
    #[expect(clippy::unused_self, reason = "reads as a part of the explanation")]
    fn lost_at(&self, trace: &[Access], store: usize) -> Option<(usize, usize)> {
        let write = trace[store];
        if !matches!(write.touched, Touched::StoredX(_)) {
            return None;
        }
        let before = |pick: &dyn Fn(&Access) -> bool| (0..store).rev().find(|&at| pick(&trace[at]));
        let load =
            before(&|access| access.worker == write.worker && matches!(access.touched, Touched::LoadedX(_)))?;
        let other =
            before(&|access| access.worker != write.worker && matches!(access.touched, Touched::StoredX(_)))?;
        (other > load).then_some((load, store))
    }
}
