//! What a reason names.

use super::super::{Collision, check};
use crate::python::version::Version;
use crate::system::control::Control;

fn collision(text: &str, version: Version) -> Collision {
    let checked = check(text, &[version], 2, &Control::default()).unwrap();
    checked.findings[0].collision.clone().unwrap()
}

#[test]
fn objects_that_change_places_are_not_called_by_one_that_a_line_does_not_name() {
    let text = "import threading\nclass Buf:\n    def __init__(self):\n        self.front = []\n        self.back = []\nbuf = Buf()\nflushed = 0\n\
                def writer():\n    for i in range(2):\n        buf.front.append(i)\ndef swapper():\n    global flushed\n    for _ in range(2):\n        \
                buf.front, buf.back = buf.back, buf.front\n        flushed += len(buf.back)\n        del buf.back[:]\n\
                ts = [threading.Thread(target=f) for f in (writer, swapper)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
                print(flushed + len(buf.front) + len(buf.back))\n";
    let told = collision(text, Version::V3_9);
    assert_eq!((told.update(), &*told.name), (Some((15, 16)), "what line 4 makes"), "{told}");
    // Where each has its place, a line need not name it.
    let text = "import threading\nclass Log:\n    def __init__(self): self.lines = []\nlog = Log()\ndef add(lines):\n    n = len(lines)\n    lines.append(n)\n\
                ts = [threading.Thread(target=add, args=(log.lines,)) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(log.lines)\n";
    assert_eq!(collision(text, Version::V3_9).name, ".lines");
}

#[test]
fn locks_that_are_waited_for_tell_more_than_what_is_only_used_under_them() {
    let text = "import threading\na = threading.Lock()\nb = threading.Lock()\ndone = 0\ngave_up = 0\ndef work(first, second):\n    \
                global done, gave_up\n    for _ in range(2):\n        with first:\n            if second.acquire(timeout=1):\n                try:\n                    \
                done += 1\n                finally:\n                    second.release()\n            else:\n                gave_up += 1\n\
                ts = [threading.Thread(target=work, args=it) for it in ((a, b), (b, a))]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
                print(done + gave_up)\n";
    for version in [Version::V3_9, Version::V3_12] {
        let told = collision(text, version);
        assert!(["a", "b"].contains(&&*told.name), "{version}: {told}");
    }
}

#[test]
fn each_thread_is_told_what_it_waits_for() {
    let waits = |setup: &str, one: &str, two: &str| {
        let text = format!(
            "import threading, queue\na = threading.Lock()\nb = threading.Lock()\nq = queue.Queue()\n{setup}\ndef one():\n    {one}\ndef two():\n    {two}\n\
             ts = [threading.Thread(target=f) for f in (one, two)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n"
        );
        check(&text, &[Version::V3_12], 2, &Control::default()).unwrap().findings[0].reason.clone()
    };
    let own = "mine = threading.Lock(); mine.acquire(); mine.acquire()";
    let told = waits("", own, own);
    assert_eq!(told, "thread 1 and thread 2 wait, each for a lock that it holds itself");
    let told = waits("", "a.acquire(); a.acquire()", "b.acquire(); a.acquire()");
    let both = "a lock that it holds itself, and thread 2 for a lock that thread 1 has not released";
    assert_eq!(told, format!("thread 1 waits for {both}"));
    let told = waits("", "a.acquire(); q.get()", "a.acquire(); a.release()");
    let both = "what never comes, and thread 2 for a lock that thread 1 has not released";
    assert_eq!(told, format!("thread 1 waits for {both}"));
    let told = waits(
        "",
        "a.acquire(); b.acquire(); b.release(); a.release()",
        "b.acquire(); a.acquire(); a.release(); b.release()",
    );
    assert!(told.starts_with("thread 1 and thread 2 wait for each other"), "{told}");
}
