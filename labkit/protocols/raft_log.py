"""Raft: log replication, persistence and client sessions, on top of the election in `raft.py`.

Diego Ongaro and John Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014. Sections 5.3
(log replication), 5.4 (safety) and 8 (clients), Figures 2 and 8; one method for each rule. Client sessions are in
`sessions.py`. Log compaction (7) and changes of membership (6) are not part of this file.
"""

from labkit import Message, on
from labkit.protocols import raft
from labkit.protocols.raft import Vote
from labkit.protocols.sessions import Append, Cas, Command, Get, Put, Refused, execute_once


class Entry(Message):
    """A log entry: a command for the state machine, whose it is, and the term when the leader received it (5.3)."""

    term: int
    command: Command | None = None  # None: the entry with which a leader begins its term (section 8)
    client: str = ""


class RequestVote(raft.RequestVote):
    """Now the candidate also tells how far its log reaches (Figure 2, RequestVote RPC, arguments)."""

    last_log_index: int
    last_log_term: int


class AppendEntries(raft.AppendEntries):
    """Entries to store, and the one that comes before them (Figure 2, AppendEntries RPC, arguments)."""

    prev_log_index: int
    prev_log_term: int
    entries: list[Entry]
    leader_commit: int


class Appended(raft.Appended):
    """`match_index`: up to where the follower's log is known to be the leader's; of a refusal, how long its log is
    (Figure 2, AppendEntries RPC, results; section 5.3, last paragraphs)."""

    match_index: int


class Raft(raft.Raft):
    """A server of a Raft cluster that replicates a key-value store. Indexes count from 1, as in the paper."""

    BATCH = 100  # entries in one message, at most

    def start(self):
        """On boot: the log is what was on stable storage; what is committed, the server learns anew (Figure 2,
        State)."""
        self.log = self.disk.get("log", [])
        self.commit_index = 0
        self.last_applied = 0
        self.store = {}
        self.sessions = {}
        self.leader = None
        self._waiting = {}
        super().start()

    # --- the log

    def last_log_term(self):
        return self.term_at(len(self.log))

    def term_at(self, index):
        """The term of an entry; 0 before the first one."""
        return self.log[index - 1].term if index else 0

    def save_log(self, log):
        """Figure 2: the log is on stable storage before any answer leaves."""
        self.log = log
        self.disk["log"] = log

    # --- elections: who may lead (section 5.4.1)

    def start_election(self):
        """As in section 5.2; the request for votes tells how far the candidate's log reaches."""
        self.leader = None
        self.enter_term(self.term + 1, voted_for=self.id)
        self.role = "candidate"
        self.votes = {self.id}
        self.election_timer.reset(self.election_timeout())
        self.broadcast(
            RequestVote(
                term=self.term,
                candidate=self.id,
                last_log_index=len(self.log),
                last_log_term=self.last_log_term(),
            )
        )
        self.count_votes()

    @on(RequestVote)
    def request_vote(self, msg, sender):
        """Section 5.4.1: "the voter denies its vote if its own log is more up-to-date than that of the candidate"."""
        self.observe_term(msg.term)
        if not self.is_up_to_date(msg):
            return Vote(term=self.term, granted=False)
        return super().request_vote(msg, sender)

    def is_up_to_date(self, msg):
        """Section 5.4.1: the log with the later last term is more up-to-date; of two that end with the same term, the
        longer."""
        return (msg.last_log_term, msg.last_log_index) >= (self.last_log_term(), len(self.log))

    def become_leader(self):
        """Figure 2, volatile state on leaders; section 8: begin the term with an entry of one's own, since only that
        lets the entries of earlier terms be committed."""
        self.leader = self.id
        self.next_index = {peer: len(self.log) + 1 for peer in self.peers}
        self.match_index = dict.fromkeys(self.peers, 0)
        self.save_log([*self.log, Entry(term=self.term)])
        super().become_leader()
        self.advance_commit_index()

    def become_follower(self):
        """Whoever led cannot tell its clients any more what becomes of their commands."""
        self._waiting = {}
        super().become_follower()

    # --- clients (section 8)

    @on(Get, Put, Append, Cas)
    def command(self, msg, sender):
        """Section 5.3: append the command to the log, and answer when it was applied. Reads go through the log too: a
        leader that was deposed without knowing it must not answer from its own store."""
        if self.role != "leader":
            return Refused(leader=self.leader)
        self.save_log([*self.log, Entry(term=self.term, command=msg, client=sender)])
        self._waiting[len(self.log)] = later = self.later()
        self.send_heartbeats()
        self.advance_commit_index()
        return later

    # --- log replication (section 5.3)

    def send_heartbeats(self):
        """To each follower, the entries that it lacks as far as the leader knows; none: a heartbeat."""
        for peer in self.peers:
            self.replicate(peer)

    def replicate(self, peer):
        """Figure 2, leaders: "If last log index >= nextIndex for a follower: send AppendEntries RPC with log entries
        starting at nextIndex"."""
        prev = self.next_index[peer] - 1
        self.send(
            peer,
            AppendEntries(
                term=self.term,
                leader=self.id,
                prev_log_index=prev,
                prev_log_term=self.term_at(prev),
                entries=self.log[prev : prev + self.BATCH],
                leader_commit=self.commit_index,
            ),
        )

    @on(AppendEntries)
    def append_entries(self, msg, sender):
        """Figure 2, AppendEntries RPC, receiver, rules 1 to 5."""
        if not super().append_entries(msg, sender).success:  # rule 1: a leader of an older term
            return Appended(term=self.term, success=False, match_index=len(self.log))
        self.leader = msg.leader
        if not self.matches(msg):  # rule 2
            return Appended(term=self.term, success=False, match_index=min(len(self.log), msg.prev_log_index - 1))
        self.store_entries(msg)  # rules 3 and 4
        last_new = msg.prev_log_index + len(msg.entries)
        if msg.leader_commit > self.commit_index:  # rule 5
            self.commit_index = max(self.commit_index, min(msg.leader_commit, last_new))
            self.apply_committed()
        return Appended(term=self.term, success=True, match_index=last_new)

    def matches(self, msg):
        """Rule 2: the log contains an entry at prevLogIndex whose term is prevLogTerm."""
        return len(self.log) >= msg.prev_log_index and self.term_at(msg.prev_log_index) == msg.prev_log_term

    def store_entries(self, msg):
        """Rules 3 and 4: delete an entry that conflicts with a new one and all that follow it, and append what is
        not in the log. An entry that is there already stays: a late message must not shorten the log."""
        log = list(self.log)
        for index, entry in enumerate(msg.entries, msg.prev_log_index + 1):
            if len(log) >= index and log[index - 1].term != entry.term:
                del log[index - 1 :]
            if len(log) < index:
                log.append(entry)
        if log != self.log:
            self.save_log(log)

    @on(Appended)
    def appended(self, msg, sender):
        """Figure 2, leaders: on success, update nextIndex and matchIndex; on failure, go back and try again."""
        self.observe_term(msg.term)
        if self.role != "leader" or msg.term != self.term:
            return
        if msg.success:
            self.match_index[sender] = max(self.match_index[sender], msg.match_index)
            self.next_index[sender] = self.match_index[sender] + 1
            self.advance_commit_index()
        else:
            back = min(self.next_index[sender] - 1, msg.match_index + 1)
            self.next_index[sender] = max(self.match_index[sender] + 1, back)
            self.replicate(sender)

    def advance_commit_index(self):
        """Figure 2, leaders: "If there exists an N such that N > commitIndex, a majority of matchIndex[i] >= N, and
        log[N].term == currentTerm: set commitIndex = N". Entries of earlier terms are committed along with it, never by
        counting (section 5.4.2, Figure 8)."""
        stored = sorted([len(self.log), *self.match_index.values()], reverse=True)
        n = stored[len(stored) // 2]  # a majority of servers has so many entries
        if n > self.commit_index and self.term_at(n) == self.term:
            self.commit_index = n
            self.apply_committed()

    def apply_committed(self):
        """Figure 2, all servers: "If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state
        machine"."""
        while self.last_applied < self.commit_index:
            self.last_applied += 1
            entry = self.log[self.last_applied - 1]
            if entry.command is not None:
                answer = self.apply(entry)
                if self.last_applied in self._waiting:
                    self.answer(self._waiting.pop(self.last_applied), answer)

    def apply(self, entry):
        """One command, once (thesis, section 6.3)."""
        return execute_once(self.store, self.sessions, entry.client, entry.command)
