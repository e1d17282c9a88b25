"""The data path: sockets, and nothing that could be decided without them.

    client connection -> exchange -> upstream connection        (and back)
                      -> portal bridge

No task, timer, lock or context manager is made for a request that is forwarded; a task is made where a connection has
to be dialled and where the portal answers. Deadlines are looked at once a second for all connections together.
"""
