//! The measured loops alone, on one thread: what the scenarios are held against.

use divan::Bencher;
use divan::counter::ItemsCount;
use gilsim::python::gil::Gil;
use gilsim::python::program::{Program, SharedAtomics};
use gilsim::python::version::HandOff;
use gilsim::scenario::mutex::Guarded;
use gilsim::scenario::spin_lock::SpinLock;
use gilsim::scenario::{atomic, mutex, race, sharded, split};
use std::ops::ControlFlow;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

const UPDATES: u64 = 1_000_000;

fn main() {
    divan::main();
}

fn each(bencher: Bencher<'_, '_>, work: impl Fn()) {
    bencher.counter(ItemsCount::new(UPDATES)).bench_local(work);
}

#[divan::bench]
fn race_loop(bencher: Bencher<'_, '_>) {
    let counter = AtomicI64::new(0);
    each(bencher, || race::Racer::new(1).update(&counter, UPDATES));
}

#[divan::bench]
fn atomic_loop(bencher: Bencher<'_, '_>) {
    let counter = AtomicI64::new(0);
    each(bencher, || atomic::update(&counter, UPDATES, 1));
}

#[divan::bench]
fn sharded_loop(bencher: Bencher<'_, '_>) {
    let shard = AtomicI64::new(0);
    each(bencher, || sharded::update(&shard, UPDATES, 1));
}

#[divan::bench(types = [parking_lot::Mutex<i64>, std::sync::Mutex<i64>, parking_lot::FairMutex<i64>, SpinLock])]
fn mutex_loop<G: Guarded>(bencher: Bencher<'_, '_>) {
    let counter = G::default();
    each(bencher, || mutex::update(&counter, UPDATES, 1));
}

#[divan::bench(args = ["3.9", "3.13", "3.13t"])]
fn gil_loop(bencher: Bencher<'_, '_>, version: &str) {
    let program = Program::compile("x += d", "", version.parse().expect("a version")).expect("a program");
    let gil = Gil::new(1, program.version().facts().hand_off);
    let mut holder = gil.enter(0);
    let shared = SharedAtomics::new(0);
    bencher.counter(ItemsCount::new(UPDATES)).bench_local(|| {
        program.run(1, UPDATES, &mut &shared, &mut |_| {
            holder.look();
            ControlFlow::Continue(())
        })
    });
}

#[divan::bench]
fn sum_loop(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(UPDATES)).bench_local(|| split::sum(0..UPDATES));
}

#[divan::bench]
fn sum_under_lock_loop(bencher: Bencher<'_, '_>) {
    let gil = Gil::new(1, HandOff::Interval(Duration::from_millis(5)));
    let mut holder = gil.enter(0);
    bencher.counter(ItemsCount::new(UPDATES)).bench_local(|| split::sum_under_lock(0..UPDATES, &mut holder));
}
