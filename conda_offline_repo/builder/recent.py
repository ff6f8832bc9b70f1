"""Answers that the labels of a file have in common."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")
#: How many answers are kept: labels that ask for the same tend to stand together, and an answer
#: holds all packages of a label.
KEPT = 4


class Recent(Generic[Answer]):
    """The answers to the last few questions. A question is what can be compared with others.

    Attributes:
        seconds: Of processors, that were needed to find answers.
    """

    def __init__(self) -> None:
        self._known: deque[tuple[Any, Answer]] = deque(maxlen=KEPT)
        self.seconds = 0.0

    def answer(self, question: Any, find: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, found now if it is not known; errors are not kept."""
        for known, answer in self._known:
            if known == question:
                return answer
        began = time.process_time()
        answer = find()
        self.seconds += time.process_time() - began
        self._known.append((question, answer))
        return answer
