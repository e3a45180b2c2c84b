# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A client of AWS Systems Manager Session Manager: SSH, shells and ports of machines that nobody else reaches.

Run as ``python session_manager proxy|shell|forward``. What it speaks is AWS's data channel, as its own client does:
https://github.com/aws/session-manager-plugin

codec, channel, handshake, smux, encryption and disconnect know no socket and no clock; link is one websocket, service
the calls to AWS, session the loop that drives them, and stdio, terminal and ports are what a session is used for.
"""
