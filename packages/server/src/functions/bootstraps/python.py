"""Runs a function's handler in Python: asked and answering in frames over one socket, file descriptor 3.

A byte on file descriptor 4 asks for the events back whose turn has not come.
"""

import importlib
import importlib.abc
import importlib.util
import io
import json
import logging
import os
import socket
import struct
import sys
import threading
import time
import traceback
from collections import deque

INVOKE, READY, INIT_ERROR, RESPONSE, ERROR, LOG, PIECE, TYPE, RETURNED = 1, 2, 3, 4, 5, 6, 7, 8, 9

channel = socket.socket(fileno=3)
sending = threading.Lock()


def send(kind, body):
    with sending:
        channel.sendall(struct.pack(">IB", len(body), kind) + body)


def conclude(kind, body):
    """An answer, or the error object, and how long the handler took."""
    took = min(int((time.perf_counter() - begun_at) * 1e6), 0xFFFFFFFF)
    with sending:
        channel.sendall(struct.pack(">IBII", len(body) + 8, kind, turn, took) + body)


begun_at = 0.0
turn = 0
received = bytearray()
# Events whose turn has not come: the context's JSON and the event. Both threads take from here and from the channel.
waiting = deque()
taking = threading.Lock()


def receive(flags=0):
    """Reads what has come; whole frames go to those that wait."""
    piece = channel.recv(1 << 18, flags)
    if not piece:
        raise EOFError
    received.extend(piece)
    at = 0
    while len(received) - at >= 5:
        length, kind = struct.unpack_from(">IB", received, at)
        end = at + 5 + length
        if len(received) < end:
            break
        if kind == INVOKE:
            (context_length,) = struct.unpack_from(">I", received, at + 5)
            event_at = at + 9 + context_length
            waiting.append((bytes(received[at + 9 : event_at]), bytes(received[event_at:end])))
        at = end
    del received[:at]


def next_event():
    with taking:
        while not waiting:
            receive()
        return waiting.popleft()


def give_back():
    """While a handler takes its time, others can have what waits behind it."""
    bell = socket.socket(fileno=4)
    while bell.recv(1):
        with taking:
            try:
                while True:
                    receive(socket.MSG_DONTWAIT)
            except (BlockingIOError, EOFError):
                pass
            ids = [json.loads(context)["requestId"] for context, _ in waiting]
            waiting.clear()
            send(RETURNED, json.dumps(ids).encode())


class LogStream(io.TextIOBase):
    """What is printed: whole lines go to the log at once, a rest when it is flushed."""

    def __init__(self):
        self._rest = ""

    def writable(self):
        return True

    def write(self, text):
        self._rest += text
        *lines, self._rest = self._rest.split("\n")
        for line in lines:
            send(LOG, line.encode("utf-8", "replace"))
        return len(text)

    def flush(self):
        if self._rest:
            rest, self._rest = self._rest, ""
            send(LOG, rest.encode("utf-8", "replace"))


class RequestIdFilter(logging.Filter):
    def filter(self, record):
        record.aws_request_id = current_request_id
        return True


class LambdaLogHandler(logging.Handler):
    def emit(self, record):
        send(LOG, self.format(record).replace("\n", "\r").encode("utf-8", "replace"))


class JsonFormatter(logging.Formatter):
    def format(self, record):
        entry = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": current_request_id,
        }
        if record.exc_info:
            entry["stackTrace"] = traceback.format_exception(*record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


current_request_id = ""


def set_up_logging():
    sys.stdout = sys.stderr = LogStream()
    handler = LambdaLogHandler()
    handler.addFilter(RequestIdFilter())
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        handler.setFormatter(JsonFormatter())
    else:
        formatter = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )
        formatter.converter = time.gmtime
        handler.setFormatter(formatter)
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if level:
        root.setLevel({"TRACE": logging.NOTSET, "FATAL": logging.CRITICAL}.get(level, level))


class UserCodeError(Exception):
    def __init__(self, kind, message, stack=()):
        super().__init__(message)
        self.kind = kind
        self.stack = list(stack)


def load_handler(name):
    if "." not in name:
        raise UserCodeError("MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    module_name, function_name = name.rsplit(".", 1)
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise UserCodeError("ImportModuleError", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise UserCodeError("ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        place = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise UserCodeError("UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", place) from error
    try:
        return getattr(module, function_name)
    except AttributeError as error:
        raise UserCodeError(
            "HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'"
        ) from error


def error_object(error):
    if isinstance(error, UserCodeError):
        return {"errorMessage": str(error), "errorType": f"Runtime.{error.kind}", "requestId": current_request_id, "stackTrace": error.stack}
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__ and not frame.filename.startswith("<frozen")]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": current_request_id,
        "stackTrace": traceback.format_list(own),
    }


def log_error(body):
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        entry = {"timestamp": timestamp, "log_level": "ERROR", **body}
        send(LOG, json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace"))
        return
    lines = [f"[ERROR] {body['errorType']}: {body['errorMessage']}"]
    if body["stackTrace"]:
        lines += ["Traceback (most recent call last):", *(line.rstrip("\n") for line in body["stackTrace"])]
    send(LOG, "\r".join(lines).replace("\n", "\r").encode("utf-8", "replace"))


class Named:
    def __init__(self, values):
        self.__dict__.update(values)


# What is the same for every invocation; the environment is slow to read.
constants = {
    "function_name": os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
    "function_version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
    "memory_limit_in_mb": os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    "log_group_name": os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME"),
    "log_stream_name": os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
    "tenant_id": None,
}


class Context:
    def __init__(self, given):
        self.__dict__.update(constants)
        self.aws_request_id = given["requestId"]
        self.invoked_function_arn = given["invokedArn"]
        self.identity = Named({"cognito_identity_id": None, "cognito_identity_pool_id": None})
        self.client_context = client_context(given.get("clientContext"))
        self._deadline = time.time() * 1000 + given["timeoutMs"]

    def get_remaining_time_in_millis(self):
        return max(0, int(self._deadline - time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))
        sys.stdout.flush()


def client_context(text):
    if text is None:
        return None
    given = json.loads(text)
    client = given.get("client") or {}
    names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
    return Named({"custom": given.get("custom"), "env": given.get("env"), "client": Named({name: client.get(name) for name in names})})


def encode_default(value):
    import decimal

    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


# Made once: `json.dumps` with a default makes another one each time.
encoder = json.JSONEncoder(
    default=encode_default,
    # From Python 3.12 on, AWS's runtimes write Unicode as it is.
    ensure_ascii=os.environ.get("AWS_EXECUTION_ENV", "").endswith(
        ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11")
    ),
)


class MarshalError(UserCodeError):
    def __init__(self, cause):
        super().__init__("MarshalError", f"Unable to marshal response: {cause}")


def run(handler, given, event):
    global begun_at, current_request_id, turn
    begun_at = time.perf_counter()
    turn = given["turn"]
    current_request_id = given["requestId"]
    if "traceId" in given:
        os.environ["_X_AMZN_TRACE_ID"] = given["traceId"]
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        result = handler(json.loads(event) if event else {}, Context(given))
        try:
            body = encoder.encode(result).encode()
        except (TypeError, ValueError) as error:
            raise MarshalError(error) from error
        sys.stdout.flush()
        conclude(RESPONSE, body)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 whatever a handler raises is its answer
        sys.stdout.flush()
        body = error_object(error)
        log_error(body)
        conclude(ERROR, json.dumps(body).encode())


def pump(source, sink):
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for each in (source, sink):
            each.close()


def forward():
    """Reaches this server from a network of its own: what comes to the port inside goes to the socket that leads outside."""
    port = os.environ.pop("SEKISHO_FORWARD_PORT", None)
    path = os.environ.pop("SEKISHO_FORWARD_SOCKET", None)
    if port is None:
        return
    server = socket.create_server(("127.0.0.1", int(port)))
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.getsockname()[1]}"

    def accept():
        while True:
            inside, _ = server.accept()
            outside = socket.socket(socket.AF_UNIX)
            try:
                outside.connect(path)
            except OSError:
                inside.close()
                continue
            for pair in ((inside, outside), (outside, inside)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


class EndpointForOldClients(importlib.abc.MetaPathFinder):
    """botocore before 1.31 does not read AWS_ENDPOINT_URL; it is told where it is imported."""

    def find_spec(self, name, path, target=None):
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            create_client = module.Session.create_client

            def with_endpoint(session, *args, **kwargs):
                # The sixth parameter by position.
                if len(args) < 6 and kwargs.get("endpoint_url") is None:
                    kwargs["endpoint_url"] = os.environ.get("AWS_ENDPOINT_URL")
                return create_client(session, *args, **kwargs)

            if "ignore_configured_endpoint_urls" not in module.Session.SESSION_VARIABLES:
                module.Session.create_client = with_endpoint

        spec.loader.exec_module = exec_module
        return spec


def main():
    set_up_logging()
    forward()
    sys.meta_path.insert(0, EndpointForOldClients())
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    layers = os.environ.pop("SEKISHO_LAYERS", None)
    if layers:
        version = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        sys.path[1:1] = [os.path.join(layers, "python"), os.path.join(layers, "python", version)]
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except BaseException as error:  # noqa: BLE001 whatever loading raises is told
        body = error_object(error)
        log_error(body)
        send(INIT_ERROR, json.dumps(body).encode())
        return 1
    threading.Thread(target=give_back, daemon=True).start()
    send(READY, b"")
    while True:
        try:
            context, event = next_event()
        except EOFError:
            return 0
        run(handler, json.loads(context), event)


if __name__ == "__main__":
    sys.exit(main())
