//! Both ways of running a body agree.

use proptest::prelude::*;

use std::ops::ControlFlow;

use super::{
    super::{End, Fault, Point, Program, Shared, SharedState},
    machine::Action,
};
use crate::python::version::Version;

/// What can be observed of a run.
#[derive(Clone, Debug, PartialEq)]
enum Event {
    Load(i64),
    Store(i64),
    Acquire(u8),
    Release(u8),
    Look,
}

/// Shared memory that another worker changes: each read of x sees more than the last write left.
#[derive(Default)]
struct Recorder {
    state: SharedState,
    events: std::rc::Rc<std::cell::RefCell<Vec<Event>>>,
}

impl Shared for Recorder {
    fn load_x(&mut self) -> i64 {
        self.state.x += 3;
        self.events.borrow_mut().push(Event::Load(self.state.x));
        self.state.x
    }

    fn store_x(&mut self, value: i64) {
        self.state.x = value;
        self.events.borrow_mut().push(Event::Store(value));
    }

    fn try_acquire(&mut self, lock: u8) -> bool {
        self.events.borrow_mut().push(Event::Acquire(lock));
        self.state.try_acquire(lock)
    }

    fn release(&mut self, lock: u8) {
        self.events.borrow_mut().push(Event::Release(lock));
        self.state.release(lock);
    }
}

fn observe(
    run: impl FnOnce(&mut Recorder, &mut dyn FnMut(Point) -> ControlFlow<()>) -> Result<End, Fault>,
) -> (Vec<Event>, Result<End, Fault>) {
    let mut recorder = Recorder::default();
    let events = std::rc::Rc::clone(&recorder.events);
    let mut left = 2000;
    let end = run(&mut recorder, &mut |_| {
        events.borrow_mut().push(Event::Look);
        left -= 1;
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let events = recorder.events.borrow().clone();
    (events, end)
}

fn agree(body: &str, version: Version) -> bool {
    let program = Program::compile(body, "", version).unwrap();
    let Some(lowered) = program.lower() else {
        return false;
    };
    for delta in [1, -1] {
        let slow = observe(|shared, mut hook| program.run_stepwise(delta, 3, shared, &mut hook));
        let instruction =
            observe(|shared, mut hook| program.run_lowered(&lowered, delta, 3, shared, &mut hook));
        assert_eq!(slow, instruction, "{body:?} {version}\n{program}\n{:?}", lowered.code);
    }
    true
}

#[test]
fn the_reference_bodies_are_lowered_for_every_version() {
    for body in [
        "x += d",
        "x = x + len(s)",
        "x = x + int(1)",
        "x += one()",
        "with lock: x += d",
        "if d > 0:\n    x += 1\nelse:\n    x -= 1",
        "t = x\nfor i in range(2):\n    t += i\nx = t + d",
    ] {
        for version in Version::ALL {
            if version == Version::V2_7 && body.contains("range") {
                continue;
            }
            assert!(agree(body, version), "{body:?} {version} is not lowered");
        }
    }
}

#[test]
fn a_loop_of_updates_is_one_instruction_where_nobody_looks_between_load_and_store() {
    for (version, fused) in [(Version::V3_9, false), (Version::V3_13, true), (Version::V3_13t, false)] {
        let lowered = Program::compile("x += d", "", version).unwrap().lower().unwrap();
        let found =
            lowered.code.iter().any(|instruction| matches!(instruction.action, Action::UpdateLoop(..)));
        assert_eq!(found, fused, "{version}");
    }
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_owned()),
        Just("d".to_owned()),
        Just("t".to_owned()),
        Just("one()".to_owned()),
        Just("len(s)".to_owned()),
        (-3_i64..4).prop_map(|int| format!("({int})")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let op = prop::sample::select(vec![
            "+", "-", "*", "//", "%", "<<", ">>", "&", "|", "^", "<", "<=", "==", "!=", ">", ">=",
        ]);
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (prop::sample::select(vec!["-", "~", "+"]), inner.clone())
                .prop_map(|(op, a)| format!("({op}{a})")),
            inner.clone().prop_map(|a| format!("int({a})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
        ]
    })
}

fn statements() -> impl Strategy<Value = String> {
    let simple = prop_oneof![
        expression().prop_map(|e| format!("x = 0 + {e}")),
        expression().prop_map(|e| format!("x += {e}")),
        expression().prop_map(|e| format!("t = 0 + {e}")),
        expression().prop_map(|e| format!("t -= {e}")),
    ];
    let block = simple.prop_recursive(2, 8, 3, |inner| {
        let indent = |body: &str| format!("    {}\n", body.trim_end().replace('\n', "\n    "));
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}\n{b}")),
            (expression(), inner.clone(), inner.clone()).prop_map(move |(test, a, b)| format!(
                "if {test}:\n{}else:\n{}",
                indent(&a),
                indent(&b)
            )),
            inner.clone().prop_map(move |a| format!("with lock:\n{}", indent(&a))),
            (expression(), inner.clone()).prop_map(move |(test, a)| format!(
                "for i in range(3):\n{}    if {test}: continue\n    if i == 1: break\n",
                indent(&a)
            )),
            inner.prop_map(move |a| format!("k = 2\nwhile k:\n    k -= 1\n{}", indent(&a))),
        ]
    });
    block.prop_map(|body| format!("t = x\n{body}"))
}

proptest! {
    #[test]
    fn lowered_and_stepped_runs_cannot_be_told_apart(
        body in statements(),
        version in prop::sample::select(Version::ALL.to_vec()),
    ) {
        agree(&body, version);
    }
}
