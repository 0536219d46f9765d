"""The live view of a session, which can be changed for another one at any time."""

import threading

from capture_app.engine.live import LiveView
from capture_app.engine.problems import ProblemLog


class LiveSlot:
    """Holds one live view; those before it end by themselves.

    A compiler that runs or a network that loads cannot be stopped, so nobody waits for
    them before `close`. What the earlier ones had to say is added to `problems`.
    """

    def __init__(self, live: LiveView | None, problems: ProblemLog) -> None:
        self.live = live
        self._problems = problems
        self._changing = threading.Lock()
        self._ending: list[threading.Thread] = []
        self._is_closed = False

    def replace(self, live: LiveView) -> None:
        """Hold `live` from now on; whoever still has the old one may offer it frames,
        which are shown to nobody."""
        with self._changing:
            if self._is_closed:
                live.close()
                return
            old, self.live = self.live, live
            if old is None:
                return
            self._ending = [thread for thread in self._ending if thread.is_alive()]
            ending = threading.Thread(
                target=self._end, args=(old,), name="replaced live view", daemon=True
            )
            self._ending.append(ending)
            ending.start()

    def close(self) -> None:
        """Stop the threads of all of them; safe to call twice."""
        with self._changing:
            self._is_closed = True
            live, ending = self.live, self._ending
        if live is not None:
            live.close()
        for thread in ending:
            thread.join()

    def _end(self, live: LiveView) -> None:
        live.close()
        for problem in live.problems.take():
            self._problems.add(problem.message, problem.can_retry, problem.is_warning)
