#!/usr/bin/env python3
"""Exhaustive check of the cache protocol (PROTOCOLS.md §4): one key, two daemons, every interleaving of readers, writers and faults.

  python3 cache.py             all guards on: explores every state (6,080,369: two minutes with PyPy, more without), expects no violation
  python3 cache.py GUARD       one guard off: prints the shortest run that breaks an invariant

A read that starts after a write was acknowledged must not return less than that write; a reader who says what version it
has must not get an older one. Redis may save what it holds, and come back after a crash with that: under another identity,
and the first daemon that connects raises the epoch before it serves. Guards: lease epoch waiter join raise monotone order
identity answered.
"""
import sys
from collections import deque

GUARDS = {
    "lease": "a fill needs the reader's own lease to be in place still",
    "epoch": "what carries another epoch than the request's is absent",
    "waiter": "who waits for a load of this process takes it only if its fill succeeded and its epoch is the request's",
    "join": "who waits joined before the store was sent, not while its reply is on its way",
    "raise": "a write that could not forget raises the epoch before it answers",
    "monotone": "a cached value older than what the reader says it has is a miss",
    "order": "a write forgets before it answers",
    "identity": "a connection to another Redis than the request's authority named is not used",
    "answered": "a fill counts only if the Redis that gave the lease answered it: another may hold a copy of the lease",
}
off = sys.argv[1] if len(sys.argv) > 1 else None
assert off is None or off in GUARDS, f"guards: {' '.join(GUARDS)}"
on = lambda g: g != off

# A reader: (daemon, phase, floor, has, epoch, loaded, reads_left, identity); a writer: (phase, version)
# cache: None | ("lease", reader, epoch) | ("value", version, epoch); redis: (identity, what it saved, whether it has)
READERS, WRITERS, FAULTS = ((0, 2), (0, 1), (1, 1)), 2, 1     # readers: (daemon, reads)
START = (0, 0, 0, None, tuple((d, "idle", 0, 0, 0, 0, n, 0) for d, n in READERS), tuple(("idle", 0) for _ in range(WRITERS)), FAULTS, (0, None, False))

def put(t, i, x): return t[:i] + (x,) + t[i + 1:]

def steps(s):
    """Every successor as (label, state, violation or None). State: db version, epoch, acknowledged version, cache, readers, writers, faults left, Redis."""
    db, ep, ack, cache, rs, ws, faults, redis = s
    for i, r in enumerate(rs):
        d, ph, floor, has, e, loaded, left, known = r
        def go(label, phase, cache=cache, **kw):
            n = dict(floor=floor, has=has, e=e, loaded=loaded, left=left, known=known); n.update(kw)
            return (f"reader {i} {label}", (db, ep, ack, cache, put(rs, i, (d, phase, n["floor"], n["has"], n["e"], n["loaded"], n["left"], n["known"])), ws, faults, redis), None)
        def answer(v, cache=cache, source=""):
            bad = f"answered v{v}, but v{floor} was acknowledged before it began" if v < floor else f"answered v{v} to a reader who has v{has}" if v < has else None
            return (f"reader {i} answers v{v} {source}", (db, ep, ack, cache, put(rs, i, (d, "idle", 0, max(has, v), 0, 0, left - 1, 0)), ws, faults, redis), bad)
        if ph == "idle" and left: yield go("starts", "asked", floor=ack)
        elif ph == "asked": yield go(f"reads epoch {ep} and Redis {redis[0]} with its authority", "knows", e=ep, known=redis[0])
        elif ph == "knows" and known != redis[0] and on("identity"): yield go("does not use another Redis", "fall")
        elif ph == "knows":
            seen = cache if cache and (cache[2] == e or not on("epoch")) else None
            if seen and seen[0] == "value" and (seen[1] >= has or not on("monotone")): yield answer(seen[1], source="from the cache")
            elif seen and seen[0] == "lease": yield go("gives up waiting", "fall")
            else: yield go("takes the lease", "lead", cache=("lease", i, e))
            for k, w in enumerate(rs):     # a load of this process that is under way can be waited for, whatever the cache holds by now
                if k != i and w[0] == d and w[1] in (("lead", "fill") if on("join") else ("lead", "fill", "stored")): yield go(f"waits for reader {k}", "wait", loaded=k + 1)
        elif ph == "lead": yield go(f"loads v{db}", "fill", loaded=db)
        elif ph == "fill":
            same = known == redis[0] or not on("answered")
            if cache == ("lease", i, e) or not on("lease"): yield go(f"stores v{loaded}" if same else f"stores v{loaded} in another Redis", "stored" if same else "refused", cache=("value", loaded, e))
            else: yield go("has its store refused", "refused")
        elif ph in ("stored", "refused"):
            label, n, bad = answer(loaded, source="and tells its waiters")
            m = list(n[4])
            for k, w in enumerate(rs):
                if k != i and w[1] == "wait" and w[5] == i + 1:
                    if (ph == "stored" and w[4] == e and loaded >= w[3]) or not on("waiter"):
                        if loaded < w[2]: bad = bad or f"waiter {k} got v{loaded}, but v{w[2]} was acknowledged before it began"
                        m[k] = (w[0], "idle", 0, max(w[3], loaded), 0, 0, w[6] - 1, 0)
                    else: m[k] = (w[0], "asked", w[2], w[3], 0, 0, w[6], 0)
            yield (label, n[:4] + (tuple(m),) + n[5:], bad)
        elif ph == "fall": yield answer(db, source="from the database")
        elif ph == "wait": yield go("stops waiting", "fall")
    for j, (ph, v) in enumerate(ws):
        W = lambda phase, v=v: put(ws, j, (phase, v))
        if ph == "idle": yield (f"writer {j} commits v{db + 1}", (db + 1, ep, ack, cache, rs, W("committed", db + 1), faults, redis), None)
        elif ph == "committed":
            if not on("order"): yield (f"writer {j} answers before it forgets", (db, ep, max(ack, v), cache, rs, W("late"), faults, redis), None)
            else:
                yield (f"writer {j} forgets", (db, ep, ack, None, rs, W("forgot"), faults, redis), None)
                if faults: yield (f"writer {j} cannot reach the cache", (db, ep + 1 if on("raise") else ep, ack, cache, rs, W("forgot"), faults - 1, redis), None)
        elif ph == "late": yield (f"writer {j} forgets", (db, ep, ack, None, rs, W("done"), faults, redis), None)
        elif ph == "forgot": yield (f"writer {j} answers v{v}", (db, ep, max(ack, v), cache, rs, W("done"), faults, redis), None)
    if cache and faults: yield ("eviction, expiry or flush", (db, ep, ack, None, rs, ws, faults - 1, redis), None)
    if cache and faults and not redis[2]: yield ("Redis saves what it holds", (db, ep, ack, cache, rs, ws, faults, (redis[0], cache, True)), None)
    if redis[2] and faults: yield ("Redis comes back with what it saved, and whoever connects raises the epoch", (db, ep + 1, ack, redis[1], rs, ws, faults - 1, (redis[0] + 1, redis[1], True)), None)

def plain(s):
    """The same state without what nothing to come depends on: what Redis saved when no fault is left that brings it back,
    what is over for a reader or a writer, and which of the writers is which."""
    db, ep, ack, cache, rs, ws, faults, redis = s
    rs = tuple((d, ph, 0, 0, 0, 0, left, 0) if ph == "idle" and not left
        else (d, ph, floor, has, 0, 0, left, 0) if ph == "fall"
        else (d, ph, floor, has, 0, loaded, left, 0) if ph in ("stored", "refused")
        else r for r in rs for d, ph, floor, has, e, loaded, left, known in (r,))
    ws = tuple(sorted(("done", 0) if ph == "done" else (ph, v) for ph, v in ws))
    return (db, ep, ack, cache, rs, ws, faults, redis if faults else (redis[0], None, False))

KINDS = ({}, {}, {}, {}, {})     # cache, writers, Redis, readers, labels: each that was met, and its number

def number(kind, x): return KINDS[kind].setdefault(x, len(KINDS[kind]))

def packed(s):
    """The same state as one number, another for every other state: millions are kept."""
    db, ep, ack, cache, rs, ws, faults, redis = s
    n = number(3, rs)
    for x, bits in ((number(0, cache), 8), (number(1, ws), 8), (number(2, redis), 10), (db, 2), (ep, 3), (ack, 2), (faults, 2)):
        assert x < 1 << bits
        n = n << bits | x
    return n

def main():
    seen, queue = {packed(START): None}, deque([START])
    while queue:
        s = queue.popleft()
        at = packed(s)
        for label, n, bad in steps(s):
            if bad:
                labels, run = list(KINDS[4]), [label]
                while seen[at]: label, at = divmod(seen[at], 1 << 64); run.append(labels[label])
                print(f"guard off: {off} ({GUARDS[off]})" if off else "ALL GUARDS ON"); print("\n".join("  " + x for x in reversed(run))); print("  => " + bad); sys.exit(1)
            n = plain(n)
            key = packed(n)
            if key not in seen:
                seen[key] = number(4, label) << 64 | at
                queue.append(n)
                if len(seen) % 1_000_000 == 0: print(f"{len(seen):,} states, {len(queue):,} to look at", file=sys.stderr)
    print(f"{len(seen):,} states, no violation" + (f" although {off} is off" if off else "")); sys.exit(0)

main()
