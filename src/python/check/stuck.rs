//! Which states follow each other, and from which of them no schedule comes to an end though some thread can always go on: it goes
//! round a loop, and what would end that never comes (a livelock).

/// Which states follow each other.
#[derive(Debug, Default)]
pub(super) struct Graph {
    edges: Vec<(u32, u32)>,
    ends: Vec<u32>,
}

impl Graph {
    /// Notes that one state follows another.
    pub(super) fn follows(&mut self, from: u32, to: u32) {
        self.edges.push((from, to));
    }

    /// Notes that nobody goes on from a state.
    pub(super) fn ends(&mut self, state: u32) {
        self.ends.push(state);
    }

    /// For each of so many states, whether some schedule comes to an end from there.
    pub(super) fn can_end(&self, count: usize) -> Vec<bool> {
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); count];
        for &(from, to) in &self.edges {
            before[to as usize].push(from);
        }
        let mut can_end = vec![false; count];
        let mut open = self.ends.clone();
        while let Some(state) = open.pop() {
            if !std::mem::replace(&mut can_end[state as usize], true) {
                open.extend(&before[state as usize]);
            }
        }
        can_end
    }
}
