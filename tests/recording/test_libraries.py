"""Libraries that Python sees nothing of tell when they are used, and then only."""

from __future__ import annotations

import ctypes
import sys
from types import ModuleType

import pytest

from azml_contract.recording.libraries import entering_outside


@pytest.fixture
def loaded(monkeypatch):
    """Stands a library of that name in, with what is given."""

    def load(name, **entries):
        module = ModuleType(name)
        vars(module).update(entries)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return load


@pytest.fixture
def importable(tmp_path, monkeypatch):
    """Makes a library importable that was not imported yet."""
    monkeypatch.syspath_prepend(tmp_path)

    written = []

    def write(name, text):
        monkeypatch.delitem(sys.modules, name, raising=False)
        tmp_path.joinpath(f"{name}.py").write_text(text, "utf-8")
        written.append(name)

    yield write
    for name in written:  # what was there before comes back after this
        sys.modules.pop(name, None)


class Curl:
    """Takes arguments, as some make of a class of C does."""

    def __init__(self, *words):
        self.words = words


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("pycurl", "Curl"),
        *(("grpc", "insecure_channel"), ("grpc", "secure_channel")),
        *(("grpc.aio", "insecure_channel"), ("grpc.aio", "secure_channel")),
        *(("curl_cffi", "Curl"), ("curl_cffi", "AsyncCurl")),
        *(("curl_cffi.requests", "request"), ("curl_cffi.requests", "Session")),
        ("curl_cffi.requests", "AsyncSession"),
    ],
)
def test_an_entry_tells_before_it_is_used_and_works_as_before(loaded, name, entry):
    def original(*args, **kwargs):
        return args, kwargs

    module = loaded(name, **{entry: original})
    told = []

    with entering_outside(told.append):
        assert told == []
        assert getattr(module, entry)(1, a=2) == ((1,), {"a": 2})
        assert told == [name]

    assert getattr(module, entry) is original


@pytest.mark.parametrize(
    "method",
    [
        *("create_connection", "create_datagram_endpoint", "getaddrinfo"),
        *("getnameinfo", "sock_connect"),
    ],
)
def test_of_a_loop_of_its_own_the_methods_tell_that_reach_out(loaded, method):
    class Loop:
        pass

    setattr(Loop, method, lambda self, host: f"to {host}")
    loaded("uvloop", Loop=Loop)
    told = []

    with entering_outside(told.append):
        assert getattr(Loop(), method)("a") == "to a"

    assert told == ["uvloop"]


def test_a_class_stays_one_and_may_be_derived_from(loaded):
    module = loaded("pycurl", Curl=Curl)
    told = []

    with entering_outside(told.append):
        made = module.Curl("a", "b")

        class Own(module.Curl):
            pass

        own = Own("c")

    assert isinstance(made, Curl)
    assert type(made).__name__ == "Curl"
    assert (made.words, own.words) == (("a", "b"), ("c",))
    assert told == ["pycurl", "pycurl"]


def test_a_class_that_makes_itself_gets_its_arguments(loaded):
    class Session:
        def __new__(cls, host, *, port):
            made = super().__new__(cls)
            made.place = (host, port)
            return made

    module = loaded("curl_cffi.requests", Session=Session)

    with entering_outside(lambda _: None):
        assert module.Session("h", port=1).place == ("h", 1)


def test_what_is_told_may_forbid_it(loaded):
    used = []
    module = loaded("grpc", insecure_channel=used.append)

    def refuse(name):
        raise PermissionError(name)

    with entering_outside(refuse), pytest.raises(PermissionError, match="grpc"):
        module.insecure_channel("host")
    assert used == []


def test_a_version_without_an_entry_is_left_as_it_is(loaded):
    module = loaded("uvloop", new_event_loop=lambda: "loop")
    told = []

    with entering_outside(told.append):
        assert module.new_event_loop() == "loop"

    assert not hasattr(module, "Loop")
    assert told == []


def test_a_library_that_is_imported_meanwhile_tells_too(importable):
    importable("pycurl", "class Curl:\n    made = True\n")
    finders = list(sys.meta_path)
    told = []

    with entering_outside(told.append):
        import pycurl

        pycurl.Curl()
        assert told == ["pycurl"]

    assert sys.meta_path == finders
    pycurl.Curl()
    assert told == ["pycurl"]


def test_a_library_that_is_not_there_is_still_not_there(monkeypatch):
    monkeypatch.delitem(sys.modules, "curl_cffi", raising=False)
    monkeypatch.setattr(sys, "path", [])
    with entering_outside(lambda _: None), pytest.raises(ImportError):
        import curl_cffi  # noqa: F401


@pytest.mark.parametrize(
    "function",
    [
        *("connect", "sendto", "sendmsg", "sendmmsg", "res_query", "res_search"),
        *("getaddrinfo", "getnameinfo", "gethostbyaddr", "gethostbyname"),
        *("gethostbyname2", "gethostbyname_r"),
    ],
)
def test_functions_of_c_that_reach_out_are_told_when_they_are_looked_up(function):
    told = []

    with entering_outside(told.append):
        sys.audit("ctypes.dlsym", object(), function)
        sys.audit("ctypes.dlopen", function)

    assert told == [f"ctypes' {function}"]


def test_harmless_functions_of_c_are_not_and_other_interpreters_are():
    told = []

    with entering_outside(told.append):
        assert ctypes.CDLL(None).getpid() > 0
        assert told == []
        sys.audit("cpython.PyInterpreterState_New")

    assert told == ["another interpreter"]
