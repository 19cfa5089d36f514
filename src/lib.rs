//! gilsim shows race conditions, locks, the GIL and the split into processes at work on one's own machine.
//!
//! # The map
//!
//! Each folder of `src/` is a room. A room imports only those below it; `tests/it/rooms.rs` checks that.
//!
//! | room | what it is for |
//! |---|---|
//! | `main.rs` | parses, runs, and is the only place that ends the process |
//! | [`cli`] | clap's options, a file for each family of commands, become a plain [`cli::Request`] |
//! | [`session`] | one invocation: runs a request, shows progress, delivers the report, says how it ended |
//! | [`report`] | data in, text out: table, JSON, CSV, Markdown, charts, a page, and the files that they go to |
//! | [`explore`] | every interleaving of a loop body: which results are possible, and by which schedule |
//! | [`scenario`] | one lesson a file: race, mutex, atomic, sharded, gil, split, refcount, convoy, python; [`scenario::ALL`] lists them |
//! | [`measure`] | what a measurement is made of: the trait [`measure::Scenario`], workload, start line, runner, statistics |
//! | [`interpreter`] | the real builds of CPython on this machine |
//! | [`python`] | CPython as it is modelled: the table of versions, the GIL, and programs from source to single steps |
//! | [`system`] | the machine: clocks, CPUs, memory, processes, threads, signals |
//! | [`error`], [`choice`], [`count`] | what all rooms share |
//!
//! # The way of a run
//!
//! `gilsim mutex --iters 1M`: [`cli::parse`] makes a [`session::Session`] with one [`measure::runner::Case`], a scenario
//! and its [`measure::Workload`]. [`measure::runner::run`] calls [`measure::Scenario::observe`] for each round, which has its workers
//! leave [`measure::start_line`] together and returns a [`measure::Observation`]. [`measure::stats`] sums up the
//! observations and holds them against the scenario's promise; [`report::Report`] puts that in rows, and
//! [`report::output`] writes the form that was asked for. The session's [`session::Ending`] is the exit code, unless a
//! signal came, whose own code ([`system::signals`]) takes its place.
//!
//! # The way of a loop body
//!
//! `--body 'x += d'` is compiled once for each version by [`python::program`], to instructions named after CPython's
//! own; [`python::version`] says after which of them the version may drop its GIL. The same program runs on real
//! threads under [`python::gil`] ([`scenario::gil`]), by every schedule ([`explore`]), and as source text in a real
//! interpreter ([`interpreter`]). A body that shares more than a counter and locks ([`python::body`]) is a module of [`python::check`],
//! and takes the same ways except that of real threads. [`session::verify`] holds the first two against the third.
//!
//! # Where to change what
//!
//! | what | where |
//! |---|---|
//! | the columns of a comparison, their order and heads | [`report::table`]; of the CSV: [`report::csv`] |
//! | what is drawn of a report | its `charts()`; how: [`report::chart`]; how a page looks: `report/page/style.css` |
//! | when a version may drop its GIL | `python/version/table.rs`; a row inherits from the one before it |
//! | how the lock is handed over | [`python::gil`] |
//! | how long a worker process may make no progress | `scenario/split/supervisor.rs` |
//! | what `--widen auto` means | `cli/widen.rs`; what a widened race does: [`scenario::race`] |
//! | the exit codes | [`session::Ending`]; those of signals: [`system::signals`] |
//! | the words of an error | the `error.rs` of the room that meets it; a thread that cannot start: `system/error.rs` |
//! | how long rounds may take by default | `cli/options.rs`; their order and greatest number: [`measure::runner`] |
//! | the bodies that `verify` tries | `session/verify/sets.rs` |
//! | the programs of `overhead` | [`interpreter::PROGRAMS`]; when its condition is met: [`report::overhead`] |
//!
//! Only [`report::output`], the progress bar, refusals of the command line and `main` write to the terminal. Nothing is
//! `unsafe`: the race is one of relaxed atomic loads and stores, a *race condition* with defined behaviour, never a
//! *data race*.

pub mod choice;
pub mod cli;
pub mod count;
pub mod error;
pub mod explore;
pub mod interpreter;
pub mod measure;
pub mod python;
pub mod report;
pub mod scenario;
pub mod session;
pub mod system;
