# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Session Manager's data channel, from AWS's side: the message gateway and the agent of the node, in one thread.

It is apart from moto and its lock: sessions run for as long as people work. Written from AWS's published sources,
https://github.com/aws/amazon-ssm-agent and https://github.com/aws/session-manager-plugin.
"""
