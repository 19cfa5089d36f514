//! Numbers of iterations that come from a container that is written down.

use super::super::check;
use crate::python::version::Version;
use crate::system::control::Control;

const WORK: &str = "import threading\nfrom concurrent.futures import ThreadPoolExecutor\ntotal = 0\ndef work(n):\n    global total\n    \
                    for i in range(n): total += 1\n";

#[test]
fn a_loop_over_a_container_hands_its_numbers_on() {
    let small = |begun: &str| {
        let text = format!("{WORK}{begun}\nprint(total)\n");
        check(&text, &[Version::V3_13], 2, &Control::default()).unwrap().small.numbers
    };
    for begun in [
        "for n in [1000, 2000]: work(n)",
        "sizes = (1000, 2000)\nfor n in sizes: work(n)",
        "for name, n in [('a', 1000), ('b', 2000)]: work(n)",
        "jobs = {'a': 1000, 'b': 2000}\nfor name, n in jobs.items(): work(n)",
        "jobs = {'a': 1000, 'b': 2000}\nfor n in jobs.values(): work(n)",
        "for k, n in enumerate([1000, 2000]): work(n)",
        "for name, n in zip('ab', [1000, 2000]): work(n)",
        "for name, n in zip(['a', 'b'], [1000, 2000]): work(n)",
        "[work(n) for n in sorted([2000, 1000])]",
        "for k, (name, n) in enumerate([('a', 1000), ('b', 2000)]): work(n)",
        "for args in [(1000,), (2000,)]:\n    t = threading.Thread(target=work, args=args)\n    t.start()\n    t.join()",
        "with ThreadPoolExecutor(1) as pool: list(pool.map(work, [1000, 2000]))",
        "with ThreadPoolExecutor(1) as pool: [pool.submit(work, n) for n in (1000, 2000)]",
    ] {
        assert_eq!(small(begun), [(1000, 2), (2000, 4)].into(), "{begun}");
    }
    assert_eq!(small("for n in [1000] * 2: work(n)"), [(1000, 2)].into());
    assert_eq!(
        small("for price in [1000, 2000]: total += price\nwork(500)"),
        [(500, 2), (1000, 4), (2000, 8)].into()
    );
}
