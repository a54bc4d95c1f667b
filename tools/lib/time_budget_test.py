#!/usr/bin/env python3
"""What is started, and in which order, where there are only so many minutes."""

import unittest

import time_budget


class BudgetTest(unittest.TestCase):
    def setUp(self):
        self.now = 0.0

    def budget(self, minutes):
        return time_budget.Budget(minutes, clock=lambda: self.now)

    def test_without_a_limit_everything_is_started_and_the_longest_first(self):
        budget = self.budget(None)
        self.assertEqual(budget.ordered([1, 3, 2], lambda seconds: seconds), [3, 2, 1])
        self.now = 1e9
        self.assertEqual(budget.refusal(1e9), "")

    def test_the_shortest_first_and_what_fits(self):
        budget = self.budget(2)
        self.assertEqual(budget.ordered([1, 3, 2], lambda seconds: seconds), [1, 2, 3])
        self.assertEqual(budget.refusal(120), "")
        self.assertEqual(budget.refusal(121), "no time left: it takes about 121 s, and 120 s are left")
        self.now = 100
        self.assertEqual(budget.refusal(20), "")
        self.assertEqual(budget.refusal(21), "no time left: it takes about 21 s, and 20 s are left")
        self.now = 1000
        self.assertEqual(budget.refusal(21), "no time left: it takes about 21 s, and 0 s are left")

    def test_a_slow_machine_is_taken_into_account(self):
        budget = self.budget(2)
        budget.took(10, 20)
        self.assertEqual(budget.refusal(60), "")
        self.assertEqual(budget.refusal(61), "no time left: it takes about 122 s, and 120 s are left")
        # One that is fast gives no credit.
        budget = self.budget(2)
        budget.took(100, 10)
        self.assertNotEqual(budget.refusal(121), "")


if __name__ == "__main__":
    unittest.main()
