"""Ports of tests that run at once: no two workers are given one."""

from tests.ports import free_ports, own_range


def test_two_workers_are_given_different_ports(monkeypatch):
    """Ranges of workers lie apart and below what the system gives away; ports are of one's own."""
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "7")
    seen = set()
    for worker in range(7):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{worker}")
        own = {*own_range()}
        assert len(own) > 1000
        assert not own & seen
        assert {*free_ports(3)} < own
        seen |= own
    assert min(seen) > 1024
    assert max(seen) < 32_768
